/* payload.c - see payload.h. */
#include "payload.h"

#include <string.h>

/* Byte offsets of the header's words. */
enum {
    MAGIC_BYTES = 8,
    PAYLOAD_BYTES = 8,
    PAYLOAD_CRC = 12,
    CRC_FROM = 16,
    BLOB_OFFSET = 16,
    BLOB_BYTES = 20,
    SCHEDULE = 24,
    TILE = 28,
    MAX_FRAMES = 32,
    EXAMPLE_OFFSET = 40,
    EXAMPLE_VALUES = 44,
    EXAMPLE_KIND = 48,
    LABELS_OFFSET = 52,
    HEADER_BYTES = 64
};

static const char MAGIC[MAGIC_BYTES] = "MLMRUN1";

static uint32_t word_at(const unsigned char *bytes, uint32_t offset) {
    const unsigned char *b = bytes + offset;
    return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

/* CRC-32 of IEEE 802.3, bit by bit: a payload is read once, at start. */
static uint32_t crc32_of(const unsigned char *bytes, uint32_t count) {
    uint32_t crc = ~0u;
    for (uint32_t i = 0; i < count; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
    }
    return ~crc;
}

/* Whether [offset, offset + count * size) lies behind the header and inside the payload. */
static int lies_inside(uint32_t bytes, uint32_t offset, uint32_t count, uint32_t size) {
    return offset >= HEADER_BYTES && offset <= bytes && count <= (bytes - offset) / size;
}

static int is_erased(const unsigned char *flash) {
    for (uint32_t i = 0; i < MAGIC_BYTES; i++)
        if (flash[i] != 0xFF) return 0;
    return 1;
}

uint32_t payload_value_bytes(uint32_t kind) {
    return kind == PAYLOAD_SAMPLES16 ? sizeof(int16_t) : sizeof(float);
}

static const char *read_example(payload *found, const unsigned char *flash, uint32_t bytes) {
    const uint32_t offset = word_at(flash, EXAMPLE_OFFSET);
    found->example = 0;
    found->example_values = 0;
    found->example_kind = word_at(flash, EXAMPLE_KIND);
    if (offset == 0) return 0;
    if (found->example_kind < PAYLOAD_SAMPLES16 || found->example_kind > PAYLOAD_TOKENS)
        return "the payload's example is of a kind that this runner does not know";
    found->example_values = word_at(flash, EXAMPLE_VALUES);
    const uint32_t size = payload_value_bytes(found->example_kind);
    if (offset % sizeof(float) != 0 || !lies_inside(bytes, offset, found->example_values, size))
        return "the payload's example leads outside of it";
    found->example = flash + offset;
    return 0;
}

static const char *read_labels(payload *found, const unsigned char *flash, uint32_t bytes) {
    const uint32_t offset = word_at(flash, LABELS_OFFSET);
    found->labels = 0;
    if (offset == 0) return 0;
    if (!lies_inside(bytes, offset, 1, 1) || memchr(flash + offset, '\0', bytes - offset) == 0)
        return "the payload's labels lead outside of it";
    found->labels = (const char *)flash + offset;
    return 0;
}

const char *payload_read(payload *found, const unsigned char *flash, uint32_t most) {
    if (memcmp(flash, MAGIC, MAGIC_BYTES) != 0)
        return is_erased(flash) ? "no model: the flash behind the runner is empty"
                                : "no model: what lies behind the runner is no payload";
    const uint32_t bytes = word_at(flash, PAYLOAD_BYTES);
    if (bytes < HEADER_BYTES || bytes > most) return "the payload's length is not possible";
    if (crc32_of(flash + CRC_FROM, bytes - CRC_FROM) != word_at(flash, PAYLOAD_CRC))
        return "the payload is damaged: its CRC-32 is another";
    const uint32_t blob_offset = word_at(flash, BLOB_OFFSET);
    found->blob_bytes = word_at(flash, BLOB_BYTES);
    if (blob_offset % MLM_ALIGNMENT != 0 || !lies_inside(bytes, blob_offset, found->blob_bytes, 1))
        return "the payload's blob leads outside of it";
    found->blob = flash + blob_offset;
    found->options =
        (mlm_options){word_at(flash, SCHEDULE), word_at(flash, TILE), word_at(flash, MAX_FRAMES)};
    const char *const wrong = read_example(found, flash, bytes);
    return wrong ? wrong : read_labels(found, flash, bytes);
}

const char *payload_label(const payload *from, uint32_t index, char *label, uint32_t bytes) {
    const char *next = from->labels ? from->labels : "";
    for (; index > 0 && *next != '\0'; next++)
        if (*next == '\n') index--;
    uint32_t length = 0;
    while (index == 0 && next[length] != '\0' && next[length] != '\n' && length + 1 < bytes) {
        label[length] = next[length];
        length++;
    }
    label[length] = '\0';
    return label;
}
