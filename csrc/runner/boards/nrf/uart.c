/*
 * uart.c - the UART of an nRF51 and of an nRF52 (nRF51 Series Reference Manual 3.0, 29; nRF52833 Product Specification,
 * UART), which is the same, and the pins of their ports (nRF51, 14; nRF52833, GPIO).
 */
#include "uart.h"

#include "runner_board.h"
#include "startup.h"

#define UART_STARTRX 0x40002000u
#define UART_STARTTX 0x40002008u
#define UART_RXDRDY 0x40002108u
#define UART_TXDRDY 0x4000211Cu
#define UART_ENABLE 0x40002500u
#define UART_ENABLED 4u
#define UART_PSELTXD 0x4000250Cu
#define UART_PSELRXD 0x40002514u
#define UART_RXD 0x40002518u
#define UART_TXD 0x4000251Cu
#define UART_BAUDRATE 0x40002524u

enum { PORT_PINS = 32 };
#define PORT(pin) (0x50000000u + (pin) / PORT_PINS * 0x300u)
#define PORT_OUTSET(pin) (PORT(pin) + 0x508u)
#define PORT_CONFIGURATION(pin) (PORT(pin) + 0x700u + (pin) % PORT_PINS * 4u)
#define CONFIGURED_AS_INPUT 0u
#define CONFIGURED_AS_OUTPUT 3u /* its input buffer is disconnected */

void uart_init(uint32_t transmit_pin, uint32_t receive_pin, uint32_t baud) {
    REGISTER(PORT_OUTSET(transmit_pin)) = 1u << transmit_pin % PORT_PINS;
    REGISTER(PORT_CONFIGURATION(transmit_pin)) = CONFIGURED_AS_OUTPUT;
    REGISTER(PORT_CONFIGURATION(receive_pin)) = CONFIGURED_AS_INPUT;
    REGISTER(UART_PSELTXD) = transmit_pin;
    REGISTER(UART_PSELRXD) = receive_pin;
    REGISTER(UART_BAUDRATE) = baud;
    REGISTER(UART_ENABLE) = UART_ENABLED;
    REGISTER(UART_STARTTX) = 1;
    REGISTER(UART_STARTRX) = 1;
}

/* The event is cleared before the byte is taken, which may bring the next one (nRF51, 29.5). */
int board_receive(void) {
    if (REGISTER(UART_RXDRDY) == 0) return -1;
    REGISTER(UART_RXDRDY) = 0;
    return (int)(REGISTER(UART_RXD) & 0xFFu);
}

void board_send(unsigned char byte) {
    REGISTER(UART_TXD) = byte;
    while (REGISTER(UART_TXDRDY) == 0) {
    }
    REGISTER(UART_TXDRDY) = 0;
}
