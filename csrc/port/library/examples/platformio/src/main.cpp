/* main.cpp - the Arduino sketch, as PlatformIO wants it. */
#include <Arduino.h>

#include "../../Listen/Listen.ino"
