/*
 * Listen - prints what the model hears or feels in a stream, on the serial monitor. read_sensor is simulated: put
 * your microphone or sensor there.
 */
#include <listen.h>

static void heard(const char *label, float confidence, uint64_t inputs) {
    Serial.print(label);
    Serial.print(", confidence ");
    Serial.print(confidence);
    Serial.print(", at input ");
    Serial.println((unsigned long)inputs);
}

/* ---- yours: waits for SENSOR_PORTION inputs. Samples are 16 bits at SENSOR_RATE_HZ, as a microphone on I2S or an ADC
 * with DMA gives them; here they are nearly silent. ---- */
static void read_sensor(sensor_value *inputs) {
    for (uint32_t i = 0; i < SENSOR_PORTION * SENSOR_WIDTH; i++)
        inputs[i] = (sensor_value)((i * 7919u) % 41u);
    delay(1000u * SENSOR_PORTION / SENSOR_RATE_HZ);
}

static const char *wrong;

void setup() {
    Serial.begin(115200);
    wrong = listen_begin();
    Serial.println(wrong ? wrong : "listening");
}

void loop() {
    static sensor_value inputs[SENSOR_PORTION * SENSOR_WIDTH];
    if (wrong) return;
    read_sensor(inputs);
    wrong = listen_to(inputs, SENSOR_PORTION, heard);
    if (wrong) Serial.println(wrong);
}
