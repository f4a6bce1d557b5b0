"""What people have elsewhere: other libraries, lists of what they own, what they listened to, playlists."""
