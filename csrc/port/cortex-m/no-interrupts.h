/* no-interrupts.h - the list of the harness, which enables none: what it measures is the core's. */
