/*
 * second_stage.S - what the RP2040's boot ROM copies from the first 256 bytes of flash to 0x20041F00 and runs there, if
 * the last four are the CRC-32 of the others (RP2040 Datasheet, 2.8.1.3; scripts/runners.mjs puts it there): makes the
 * SSI read the flash four bits at a time as memory, then starts the program behind itself.
 *
 * On entry the SSI serves the flash slowly by 03h. The flash is a Winbond W25Q16JV or one like it: QE is bit 1 of status
 * register 2, read by 35h and written by 01h with register 1 before it (W25Q16JV Datasheet, 7.1, 8.2.4, 8.2.5); EBh reads
 * with address, mode and data on four lines, and does without its instruction while mode bits 5-4 are 10 (8.2.14).
 * Registers: RP2040 Datasheet, 4.10.13 (SSI) and 2.19.6.4 (pads). On silicon it has not been.
 */
    .syntax unified
    .cpu cortex-m0plus
    .thumb

    .equ PADS_QSPI, 0x40020000
    .equ PAD_SCLK, 0x04
    .equ PAD_SD0, 0x08
    .equ PAD_SD3, 0x14
    .equ PAD_8_MA_FAST, 0x21
    .equ PAD_SCHMITT, 0x02

    .equ SSI, 0x18000000
    .equ SSI_CTRLR0, 0x00
    .equ SSI_CTRLR1, 0x04
    .equ SSI_SSIENR, 0x08
    .equ SSI_BAUDR, 0x14
    .equ SSI_SR, 0x28
    .equ SSI_DR0, 0x60
    .equ SSI_RX_SAMPLE_DLY, 0xF0
    .equ SSI_SPI_CTRLR0, 0xF4
    .equ SR_BUSY, 0x01
    .equ SR_TRANSMIT_EMPTY, 0x04

    /* CTRLR0: frames of 8 bits, one line, both ways; of 32 bits, four lines, address out and data in (EEPROM read). */
    .equ BYTES_ON_ONE_LINE, 7 << 16
    .equ WORDS_ON_FOUR_LINES, (2 << 21) | (31 << 16) | (3 << 8)
    /* SPI_CTRLR0: 24 bits of address and 8 of mode, 4 cycles of waiting; first an instruction of 8 bits on one line, later
     * none, and the mode that goes with each address in place of its code. */
    .equ WITH_INSTRUCTION, (4 << 11) | (2 << 8) | (8 << 2) | 1
    .equ WITHOUT_INSTRUCTION, (0xA0 << 24) | (4 << 11) | (8 << 2) | 2

    .equ READ_STATUS_1, 0x05
    .equ READ_STATUS_2, 0x35
    .equ WRITE_STATUS, 0x01
    .equ WRITE_ENABLE, 0x06
    .equ QUAD_ENABLED, 0x02
    .equ STATUS_BUSY, 0x01
    .equ QUAD_READ, 0xEB
    .equ MODE_CONTINUOUS, 0xA0

    .equ VTOR, 0xE000ED08
    .equ PROGRAM, 0x10000100

    .section .second_stage, "ax"
second_stage:
    bl set_pads
    ldr r4, =SSI
    movs r0, #0
    str r0, [r4, #SSI_SSIENR]
    movs r0, #2                     @ half the core's clock
    str r0, [r4, #SSI_BAUDR]
    movs r0, #1
    movs r1, #SSI_RX_SAMPLE_DLY
    str r0, [r4, r1]
    ldr r0, =BYTES_ON_ONE_LINE
    str r0, [r4, #SSI_CTRLR0]
    movs r0, #1
    str r0, [r4, #SSI_SSIENR]
    bl enable_four_lines

    movs r0, #0
    str r0, [r4, #SSI_SSIENR]
    str r0, [r4, #SSI_CTRLR1]       @ one frame of data
    ldr r0, =WORDS_ON_FOUR_LINES
    str r0, [r4, #SSI_CTRLR0]
    ldr r0, =WITH_INSTRUCTION
    movs r1, #SSI_SPI_CTRLR0
    str r0, [r4, r1]
    movs r0, #1
    str r0, [r4, #SSI_SSIENR]
    movs r0, #QUAD_READ             @ one read, of which only the mode counts
    str r0, [r4, #SSI_DR0]
    movs r0, #MODE_CONTINUOUS
    str r0, [r4, #SSI_DR0]
    bl wait

    movs r0, #0
    str r0, [r4, #SSI_SSIENR]
    ldr r0, =WITHOUT_INSTRUCTION
    movs r1, #SSI_SPI_CTRLR0
    str r0, [r4, r1]
    movs r0, #1
    str r0, [r4, #SSI_SSIENR]

    ldr r0, =PROGRAM
    ldr r1, =VTOR
    str r0, [r1]
    ldmia r0!, {r1, r2}
    msr msp, r1
    bx r2

    /* A clock of 66 MHz wants a fast edge, and data that do not pass a Schmitt trigger. */
set_pads:
    ldr r3, =PADS_QSPI
    movs r0, #PAD_8_MA_FAST
    str r0, [r3, #PAD_SCLK]
    movs r2, #PAD_SCHMITT
    movs r1, #PAD_SD0
1:  ldr r0, [r3, r1]
    bics r0, r2
    str r0, [r3, r1]
    adds r1, #4
    cmp r1, #PAD_SD3
    bls 1b
    bx lr

    /* Leaves a flash alone whose QE is set, as it is from the factory. */
enable_four_lines:
    push {lr}
    movs r0, #READ_STATUS_2
    bl read_status
    movs r1, #QUAD_ENABLED
    tst r0, r1
    bne 3f
    movs r0, #WRITE_ENABLE
    str r0, [r4, #SSI_DR0]
    bl wait
    ldr r0, [r4, #SSI_DR0]
    movs r0, #WRITE_STATUS
    str r0, [r4, #SSI_DR0]
    movs r0, #0
    str r0, [r4, #SSI_DR0]
    str r1, [r4, #SSI_DR0]
    bl wait
    ldr r0, [r4, #SSI_DR0]
    ldr r0, [r4, #SSI_DR0]
    ldr r0, [r4, #SSI_DR0]
2:  movs r0, #READ_STATUS_1
    bl read_status
    movs r1, #STATUS_BUSY
    tst r0, r1
    bne 2b
3:  pop {pc}

    /* r0: the instruction, then what it read. */
read_status:
    push {lr}
    str r0, [r4, #SSI_DR0]
    str r0, [r4, #SSI_DR0]          @ a byte out for the one that comes in
    bl wait
    ldr r0, [r4, #SSI_DR0]
    ldr r0, [r4, #SSI_DR0]
    pop {pc}

    /* Until nothing is left to send and the line is quiet. Leaves r0 and r1. */
wait:
    ldr r3, [r4, #SSI_SR]
    movs r2, #SR_TRANSMIT_EMPTY
    tst r3, r2
    beq wait
    movs r2, #SR_BUSY
    tst r3, r2
    bne wait
    bx lr

    .ltorg
