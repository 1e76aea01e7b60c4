/* pins.h - the console of a Nucleo-F446RE: USART2 on PA2 and PA3, which is the debugger's serial port (ST UM1724, 6.8). */
#define PINS_USART 0x40004400u
/* RM0390, 6.3.13: APB1ENR. */
#define PINS_USART_ENABLE 0x40023840u
#define PINS_USART_ENABLE_BIT (1u << 17)
#define PINS_BUS_DIVIDER 4u
enum { PINS_TRANSMIT = 2, PINS_RECEIVE = 3 };
/* RM0390, 5.4.1: VOS is two bits, 3 out of reset. */
#define PINS_PWR_CR_SCALE_1 (3u << 14)
