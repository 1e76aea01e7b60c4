/*
 * esp32s3.c - ESP-IDF under the example: console, clock and a task whose stack is known. The only file
 * of the project that includes ESP-IDF's headers.
 */
#include <stdio.h>

#include "board.h"
#include "esp_timer.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "port.h"

enum { TASK_PRIORITY = 5, MICROSECONDS = 1000000 };

void port_write(const char *text) {
    fputs(text, stdout);
    fflush(stdout);
}

uint32_t port_ticks(void) { return (uint32_t)esp_timer_get_time(); }

uint32_t port_ticks_per_second(void) { return MICROSECONDS; }

/* ESP-IDF counts stacks in bytes. */
uint32_t port_stack_bytes(void) { return BOARD_STACK_BYTES - uxTaskGetStackHighWaterMark(NULL); }

static void task(void *argument) {
    (void)argument;
    port_write(port_main() == 0 ? "done\n" : "failed\n");
    vTaskDelete(NULL);
}

void app_main(void) {
    if (xTaskCreate(task, "mambalite", BOARD_STACK_BYTES, NULL, TASK_PRIORITY, NULL) != pdPASS)
        port_write("failed: no memory for the task\n");
}
