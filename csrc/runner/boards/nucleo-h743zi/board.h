/* board.h - what csrc/port/stm32h7 asks of a project: the clock that it is to set up. */
#define BOARD_CLOCK_HZ 480000000u
