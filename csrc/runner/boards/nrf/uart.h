/* uart.h - see uart.c. */
#ifndef MLM_RUNNER_NRF_UART_H
#define MLM_RUNNER_NRF_UART_H

#include <stdint.h>

/* Pins as PSEL wants them: port 1 counts from 32 on. `baud` is the BAUDRATE register's value, which differs a little. */
void uart_init(uint32_t transmit_pin, uint32_t receive_pin, uint32_t baud);

#endif
