/*
 * receive.c - the way in of the console whose way out csrc/port/stm32h7 has: USART3 on PD9, from the debugger's serial
 * port of a Nucleo-H743ZI (ST UM1974, 6.9). Registers: ST RM0433, GPIO and USART. Compiled and checked as a format; on
 * silicon it has not been.
 */
#include "runner_board.h"
#include "startup.h"

#define GPIOD_MODER 0x58020C00u
#define GPIOD_AFRH 0x58020C24u
#define USART3_CR1 0x40004800u
#define USART3_CR1_RECEIVE (1u << 2)
#define USART3_ISR 0x4000481Cu
#define USART3_ISR_OVERRUN (1u << 3)
#define USART3_ISR_RECEIVED (1u << 5)
#define USART3_ISR_EMPTY (1u << 7)
#define USART3_ICR 0x40004820u
#define USART3_RDR 0x40004824u
#define USART3_TDR 0x40004828u

enum { PIN = 9, MODE_ALTERNATE = 2, ALTERNATE_USART3 = 7 };

static void set_field(uint32_t address, uint32_t shift, uint32_t bits, uint32_t value) {
    const uint32_t mask = (1u << bits) - 1u;
    REGISTER(address) = (REGISTER(address) & ~(mask << shift)) | value << shift;
}

/* The port's console sends only: what receives is switched on when it is first asked. */
static void switch_on(void) {
    set_field(GPIOD_AFRH, (PIN - 8) * 4, 4, ALTERNATE_USART3);
    set_field(GPIOD_MODER, PIN * 2, 2, MODE_ALTERNATE);
    REGISTER(USART3_CR1) |= USART3_CR1_RECEIVE;
}

int board_receive(void) {
    if ((REGISTER(USART3_CR1) & USART3_CR1_RECEIVE) == 0) switch_on();
    const uint32_t status = REGISTER(USART3_ISR);
    if (status & USART3_ISR_OVERRUN) REGISTER(USART3_ICR) = USART3_ISR_OVERRUN;
    return status & USART3_ISR_RECEIVED ? (int)(REGISTER(USART3_RDR) & 0xFFu) : -1;
}

void board_send(unsigned char byte) {
    while ((REGISTER(USART3_ISR) & USART3_ISR_EMPTY) == 0) {
    }
    REGISTER(USART3_TDR) = byte;
}
