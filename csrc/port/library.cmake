# The core and the model as a library, with the flags that its bits depend on: products and sums are
# rounded one by one (-ffp-contract=off), never with -ffast-math.

file(GLOB MAMBALITE_SOURCES CONFIGURE_DEPENDS src/core/*.c src/kernels/*.c src/detector/*.c src/*.c)
add_library(mambalite STATIC ${MAMBALITE_SOURCES})
target_include_directories(mambalite PUBLIC src)
target_compile_options(mambalite PRIVATE
    @CORE_FLAGS@ -ffunction-sections -fdata-sections @CORE_WARNINGS@)

# What a run spends its time in is compiled for speed, everything else for size: also what only leads from one
# piece of assembly to the next where that is the Cortex-M7's.
set(MAMBALITE_HOT @CORE_HOT@)
if(MAMBALITE_ASSEMBLY STREQUAL MLM_CORTEX_M7_ASM)
    list(REMOVE_ITEM MAMBALITE_HOT @CORE_SMALL_BESIDE_ASSEMBLY@)
endif()
foreach(SOURCE ${MAMBALITE_SOURCES})
    get_filename_component(NAME ${SOURCE} NAME)
    if(NOT NAME IN_LIST MAMBALITE_HOT)
        set_source_files_properties(${SOURCE} PROPERTIES COMPILE_OPTIONS -Os)
    endif()
endforeach()

# What is run: a program and the sensor that it listens to, or a harness, which has neither.
set(MAMBALITE_SENSOR simulated CACHE STRING "the sensor, of which there is a port/sensor-NAME.c")
option(MAMBALITE_TIMING "the program prints a timing report, for `mambalite timing add`" OFF)
set(MAMBALITE_MAIN port/app*.c)
if(MAMBALITE_TIMING)
    set(MAMBALITE_MAIN port/timing.c port/timed.c)
endif()
file(GLOB MAMBALITE_PROGRAM CONFIGURE_DEPENDS ${MAMBALITE_MAIN} port/example.c port/report.c
    port/sensor.c port/harness.c port/stream.c port/inputs.S)
if(EXISTS ${CMAKE_CURRENT_LIST_DIR}/sensor.c)
    list(APPEND MAMBALITE_PROGRAM port/sensor-${MAMBALITE_SENSOR}.c)
    # Only what is simulated needs a pace from a timer.
    if(MAMBALITE_SENSOR STREQUAL simulated AND EXISTS ${CMAKE_CURRENT_LIST_DIR}/timer.c)
        list(APPEND MAMBALITE_PROGRAM port/timer.c)
    endif()
endif()

# The program: everything in port/, of which the machine names its own files.
function(mambalite_program name)
    add_executable(${name} port/print.c ${ARGN})
    target_compile_options(${name} PRIVATE
        @PROGRAM_FLAGS@ -ffunction-sections -fdata-sections @CORE_WARNINGS@)
    target_include_directories(${name} PRIVATE port)
    target_link_libraries(${name} PRIVATE mambalite)
    set_source_files_properties(port/harness.c port/stream.c PROPERTIES COMPILE_OPTIONS -Os)
    set_source_files_properties(port/inputs.S PROPERTIES
        OBJECT_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/port/inputs.bin)
endfunction()
