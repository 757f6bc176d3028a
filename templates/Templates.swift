// The default templates, embedded in the binary.
