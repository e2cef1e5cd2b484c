//! The generator as a program beside: its phases as they begin, and what it printed.
