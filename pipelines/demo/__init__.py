"""The demo library: 300 fictional albums whose covers are drawn here, so that nothing has to be fetched."""
