"""The lens: from a photo of a sleeve to the album that it is of. numpy and Pillow alone."""
