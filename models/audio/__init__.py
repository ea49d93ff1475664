"""Models of sound. A path of a recording enters, stretches of time with a label leave."""
