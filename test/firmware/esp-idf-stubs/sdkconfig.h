/* sdkconfig.h - a stand-in for what ESP-IDF makes of Kconfig, so that the compiler can check the file that uses it. */
#pragma once

#define CONFIG_ESP_DEFAULT_CPU_FREQ_MHZ 240
#define CONFIG_MAMBALITE_I2S_BCLK 4
#define CONFIG_MAMBALITE_I2S_WS 5
#define CONFIG_MAMBALITE_I2S_DIN 6
