/* Arduino.h - a stand-in for Arduino's, so that the compiler can check the sketch. */
#pragma once
#include <stdint.h>

struct Print {
    void begin(unsigned long baud);
    void print(const char *text);
    void print(double number);
    void println(const char *text);
    void println(unsigned long number);
};
extern Print Serial;
void delay(unsigned long milliseconds);
void setup();
void loop();
