/*
 * startup.S - from reset to main on QEMU's RISC-V virt machine, in machine mode. The FPU, where there
 * is one, is switched on before anything uses it; a trap ends the program through fault.
 */
#define MSTATUS_FS_INITIAL 0x2000

    .option arch, +zicsr
    .section .reset, "ax"
    .global _start
_start:
    .option push
    .option norelax
    la      gp, __global_pointer$
    .option pop
    la      t0, trap
    csrw    mtvec, t0
#ifdef __riscv_flen
    li      t0, MSTATUS_FS_INITIAL
    csrs    mstatus, t0
    fscsr   zero
#endif
    la      sp, stack_top
    j       prepare

    .balign 4
trap:
    la      sp, stack_top
    j       fault
