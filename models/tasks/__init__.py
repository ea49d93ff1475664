"""One file a task: post-processing and its item loss, side by side."""
