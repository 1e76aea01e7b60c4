/*
 * startup.S - from reset to main on QEMU's Xtensa sim machine with the lx106 core. The machine starts at
 * 0x50000000 whatever the ELF file's entry says. Exceptions end the program with status 125.
 */
    .section .reset, "ax"
    .global _start
_start:
    j       begin
    .align  4
    .literal_position
begin:
    movi    a2, vectors
    wsr.vecbase a2
    isync
    movi    a1, stack_top
    movi    a2, prepare
    jx      a2

/* Exception vectors: call0 cores enter them with everything else as it was. */
#define SIMCALL_EXIT 1
#define FAULT_STATUS 125
    .section .vectors, "ax"
    .align  256
    .global vectors
vectors:
    .rept   16
    movi    a2, SIMCALL_EXIT
    movi    a3, FAULT_STATUS
    simcall
    .align  16
    .endr
