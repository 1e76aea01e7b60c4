# Bare Xtensa lx106 (the ESP8266's core: windowless, no FPU) with gcc and picolibc. It stands for the
# architecture family; the ESP32-S3's LX7 core has another compiler, Espressif's.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR lx106)
set(CMAKE_C_COMPILER xtensa-lx106-elf-gcc)
set(CMAKE_ASM_COMPILER xtensa-lx106-elf-gcc)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)

# Where Debian has the C library's specs; give another path for another distribution.
set(MAMBALITE_SPECS /usr/lib/xtensa-lx106-elf/picolibc.specs CACHE FILEPATH "picolibc.specs")
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES MAMBALITE_SPECS)
set(machine "-mlongcalls -mtext-section-literals")
set(CMAKE_C_FLAGS_INIT "${machine} --specs=${MAMBALITE_SPECS}")
set(CMAKE_ASM_FLAGS_INIT "${machine}")
