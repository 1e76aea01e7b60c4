/*
 * fuzz_mutator.c - mutations of fuzz_model's inputs that know where the fields of a blob are. Only in the
 * program that fuzzes.
 */
#include "../fuzz/fuzz_input.h"
#include "core/blob.h"
#include "random.h"

#include <string.h>

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

static uint32_t odd_value(rng *random, uint32_t now, uint32_t size) {
    static const uint32_t fixed[] = {
        0,  1,       2,        3,          4,           7,           8,           15,         16,
        17, 0xFFFFu, 0x10000u, 0x1000000u, 0x7FFFFFFFu, 0x80000000u, 0xFFFFFFF0u, 0xFFFFFFFFu};
    switch (rng_below(random, 6)) {
        case 0: return fixed[rng_below(random, sizeof fixed / sizeof *fixed)];
        case 1: return now + rng_below(random, 9) - 4u;
        case 2: return now + (rng_below(random, 9) - 4u) * 16u;
        case 3: return rng_below(random, 40);
        case 4: return now ^ (1u << rng_below(random, 32));
        default: return size - rng_below(random, 64);
    }
}

/* Changes one 16- or 32-bit field among those before the strings and the weights; now and then one
 * anywhere, since the bins of filters are among the tensors. */
static void mutate_field(uint8_t *data, size_t size, rng *random) {
    const size_t first = sizeof(fuzz_control);
    mlm_blob_header header;
    size_t end = size - first;
    if (size < first + sizeof header) return;
    memcpy(&header, data + first, sizeof header);
    if (header.string_offset >= sizeof header && header.string_offset < end &&
        !rng_once_in(random, 5))
        end = header.string_offset;
    if (rng_once_in(random, 3)) {
        const size_t at = first + rng_below(random, (uint32_t)(end / 2u)) * 2u;
        uint16_t value;
        memcpy(&value, data + at, sizeof value);
        value = (uint16_t)odd_value(random, value, (uint32_t)size);
        memcpy(data + at, &value, sizeof value);
    } else {
        const size_t at = first + rng_below(random, (uint32_t)(end / 4u)) * 4u;
        uint32_t value;
        memcpy(&value, data + at, sizeof value);
        value = odd_value(random, value, (uint32_t)size);
        memcpy(data + at, &value, sizeof value);
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
    rng random = {seed};
    if (size < sizeof(fuzz_control) + sizeof(fuzz_recipe))
        return LLVMFuzzerMutate(data, size, max_size);
    if (rng_once_in(&random, 20)) data[0] ^= (uint8_t)(1u << rng_below(&random, 5));
    if (!rng_once_in(&random, 50)) data[0] |= FUZZ_FIX_CRC;
    switch (rng_below(&random, 5)) {
        case 0: return LLVMFuzzerMutate(data, size, max_size);
        case 1: /* the control block only: its size must not change */
            LLVMFuzzerMutate(data, sizeof(fuzz_control), sizeof(fuzz_control));
            return size;
        default:
            if (data[0] & FUZZ_RECIPE) return LLVMFuzzerMutate(data, size, max_size);
            for (uint32_t n = rng_between(&random, 1, 3); n > 0; n--)
                mutate_field(data, size, &random);
            return size;
    }
}
