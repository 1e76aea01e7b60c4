# The core and the model as a library, with the flags that its bits depend on: products and sums are
# rounded one by one (-ffp-contract=off), never with -ffast-math.

file(GLOB MAMBALITE_SOURCES CONFIGURE_DEPENDS src/core/*.c src/kernels/*.c src/*.c)
add_library(mambalite STATIC ${MAMBALITE_SOURCES})
target_include_directories(mambalite PUBLIC src)
target_compile_features(mambalite PUBLIC c_std_11)
target_compile_options(mambalite PRIVATE
    -ffp-contract=off -fno-math-errno -ffunction-sections -fdata-sections
    -Wall -Wextra -Wconversion -Wshadow)

# What does not run for every frame is compiled for size.
set_source_files_properties(src/core/counts.c src/core/graph.c src/core/model.c src/core/plan.c
    src/core/session.c PROPERTIES COMPILE_OPTIONS -Os)

# The program: everything in port/, of which the machine names its own files.
function(mambalite_program name)
    add_executable(${name} port/print.c ${ARGN})
    target_compile_options(${name} PRIVATE
        -ffp-contract=off -ffunction-sections -fdata-sections -Wall -Wextra -Wconversion -Wshadow)
    target_include_directories(${name} PRIVATE port)
    target_link_libraries(${name} PRIVATE mambalite)
    set_source_files_properties(port/inputs.S PROPERTIES
        OBJECT_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/port/inputs.bin)
endfunction()
