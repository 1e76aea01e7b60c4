/* esp_attr.h - a stand-in for ESP-IDF's, so that the compiler can check the file that uses it. */
#pragma once

#define EXT_RAM_BSS_ATTR __attribute__((section(".ext_ram.bss")))
#define DRAM_ATTR __attribute__((section(".dram1")))
