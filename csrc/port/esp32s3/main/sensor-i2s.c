/*
 * sensor-i2s.c - a microphone on I2S, such as an INMP441 or ICS-43434, with ESP-IDF 5's driver: a task waits for
 * what its DMA has filled and puts it into the ring. Such microphones send 24 bits in slots of 32, of which the
 * upper 16 are taken. Pins are set in menuconfig.
 */
#include "driver/i2s_std.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "sdkconfig.h"
#include "sensor.h"

_Static_assert(sizeof(sensor_value) == sizeof(int16_t) && SENSOR_WIDTH == 1,
               "a microphone is for a model of samples of 16 bits");

enum {
    TASK_STACK_BYTES = 3072,
    TASK_PRIORITY = 10, /* above the program's, which computes */
    READ = SENSOR_PORTION,
    SLOT_TO_SAMPLE = 16
};

static i2s_chan_handle_t microphone;

static void read_microphone(void *argument) {
    static int32_t slots[READ];
    static sensor_value samples[READ];
    (void)argument;
    for (;;) {
        size_t bytes = 0;
        if (i2s_channel_read(microphone, slots, sizeof slots, &bytes, portMAX_DELAY) != ESP_OK)
            continue;
        const uint32_t count = (uint32_t)(bytes / sizeof *slots);
        for (uint32_t i = 0; i < count; i++)
            samples[i] = (sensor_value)(slots[i] >> SLOT_TO_SAMPLE);
        sensor_put(samples, count);
    }
}

static esp_err_t open_microphone(void) {
    const i2s_chan_config_t channel = I2S_CHANNEL_DEFAULT_CONFIG(I2S_NUM_AUTO, I2S_ROLE_MASTER);
    i2s_std_config_t config = {
        .clk_cfg = I2S_STD_CLK_DEFAULT_CONFIG(SENSOR_RATE_HZ),
        .slot_cfg =
            I2S_STD_PHILIPS_SLOT_DEFAULT_CONFIG(I2S_DATA_BIT_WIDTH_32BIT, I2S_SLOT_MODE_MONO),
        .gpio_cfg =
            {
                .mclk = I2S_GPIO_UNUSED,
                .bclk = (gpio_num_t)CONFIG_MAMBALITE_I2S_BCLK,
                .ws = (gpio_num_t)CONFIG_MAMBALITE_I2S_WS,
                .dout = I2S_GPIO_UNUSED,
                .din = (gpio_num_t)CONFIG_MAMBALITE_I2S_DIN,
            },
    };
    esp_err_t error = i2s_new_channel(&channel, NULL, &microphone);
    if (error == ESP_OK) error = i2s_channel_init_std_mode(microphone, &config);
    return error == ESP_OK ? i2s_channel_enable(microphone) : error;
}

int sensor_start(void) {
    const esp_err_t error = open_microphone();
    if (error != ESP_OK) return error;
    const BaseType_t made =
        xTaskCreate(read_microphone, "microphone", TASK_STACK_BYTES, NULL, TASK_PRIORITY, NULL);
    return made == pdPASS ? 0 : ESP_ERR_NO_MEM;
}
