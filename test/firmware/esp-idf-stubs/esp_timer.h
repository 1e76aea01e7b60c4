/* esp_timer.h - a stand-in for ESP-IDF's, so that the compiler can check the file that uses it. */
#pragma once
#include <stdint.h>

int64_t esp_timer_get_time(void);
