"""Label Studio 1.23, through label_studio_sdk."""
