/*
 * esp32s3.c - ESP-IDF under the example: console, clock and a task whose stack is known. The only file
 * of the project that includes ESP-IDF's headers.
 */
#include <stdio.h>

#include "board.h"
#include "esp_cpu.h"
#include "esp_timer.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "port.h"
#include "sdkconfig.h"

enum { TASK_PRIORITY = 5, MICROSECONDS = 1000000 };

void port_write(const char *text) {
    fputs(text, stdout);
    fflush(stdout);
}

uint32_t port_ticks(void) { return (uint32_t)esp_timer_get_time(); }

uint32_t port_ticks_per_second(void) { return MICROSECONDS; }

/* CCOUNT, of the core that the task runs on: it has one of its own. */
uint32_t port_cycles(void) { return (uint32_t)esp_cpu_get_cycle_count(); }

uint32_t port_cycles_per_second(void) {
    return (uint32_t)CONFIG_ESP_DEFAULT_CPU_FREQ_MHZ * MICROSECONDS;
}

const char *port_misconfigured(void) {
    return CONFIG_ESP_DEFAULT_CPU_FREQ_MHZ == BOARD_CLOCK_HZ / 1000000u
               ? NULL
               : "another clock than planned";
}

/* ESP-IDF counts stacks in bytes. */
uint32_t port_stack_bytes(void) { return BOARD_STACK_BYTES - uxTaskGetStackHighWaterMark(NULL); }

static void on_timer(void *argument) {
    void (**tick)(void) = argument;
    (*tick)();
}

/* Called by ESP-IDF's timer task, which is what an interrupt is elsewhere. */
void port_every(uint32_t times_a_second, void (*tick)(void)) {
    static void (*called)(void);
    const esp_timer_create_args_t options = {
        .callback = on_timer, .arg = &called, .name = "sensor"};
    esp_timer_handle_t timer;
    called = tick;
    if (esp_timer_create(&options, &timer) != ESP_OK ||
        esp_timer_start_periodic(timer, MICROSECONDS / times_a_second) != ESP_OK)
        port_write("failed: no timer\n");
}

/* Others run meanwhile, the idle task with its watchdog among them. */
void port_wait_until(int (*is_ready)(void)) {
    while (!is_ready()) vTaskDelay(1);
}

static void task(void *argument) {
    (void)argument;
    port_write(port_main() == 0 ? "done\n" : "failed\n");
    vTaskDelete(NULL);
}

void app_main(void) {
    if (xTaskCreate(task, "mambalite", BOARD_STACK_BYTES, NULL, TASK_PRIORITY, NULL) != pdPASS)
        port_write("failed: no memory for the task\n");
}
