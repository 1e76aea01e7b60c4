/* esp_cpu.h - a stand-in for ESP-IDF's, so that the compiler can check the file that uses it. */
#pragma once

#include <stdint.h>

typedef uint32_t esp_cpu_cycle_count_t;
esp_cpu_cycle_count_t esp_cpu_get_cycle_count(void);
