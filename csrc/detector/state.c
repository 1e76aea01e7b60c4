/*
 * state.c - a detector's state as bytes, and back. Knows nothing of how any of it came about.
 */
#include <string.h>

#include "detector.h"

/* "MLD" and 0x1A. */
#define DETECTOR_MAGIC 0x1A444C4Du

/* Before the events, the ring of frames and the state of the session that takes the inputs. */
typedef struct state_header {
    uint32_t magic;
    uint32_t identity;
    uint64_t answers;
    uint32_t until, next;
    uint32_t reserved;
    uint32_t crc; /* of the fields above and of all behind this header */
} state_header;

static uint32_t crc_of(const state_header *header, const void *behind, size_t bytes) {
    const uint32_t crc = mlm_crc32(0, (const unsigned char *)header, offsetof(state_header, crc));
    return mlm_crc32(crc, behind, bytes);
}

static uint32_t session_bytes(const mlm_detector *detector) {
    return detector->source ? mlm_session_state_bytes(detector->source) : 0;
}

uint32_t mlm_detector_state_bytes(const mlm_detector *detector) {
    return (uint32_t)sizeof(state_header) + detector->events_bytes + detector->ring_bytes +
           session_bytes(detector);
}

mlm_status mlm_detector_save_state(const mlm_detector *detector, void *state, size_t bytes) {
    if (!detector || !state || bytes != mlm_detector_state_bytes(detector)) return MLM_ERR_ARGUMENT;
    unsigned char *at = (unsigned char *)state + sizeof(state_header);
    memcpy(at, detector->events, detector->events_bytes);
    at += detector->events_bytes;
    memcpy(at, mlm_detector_floats(detector, detector->ring), detector->ring_bytes);
    at += detector->ring_bytes;
    if (detector->source) {
        const mlm_status status =
            mlm_session_save_state(detector->source, at, session_bytes(detector));
        if (status != MLM_OK) return status;
    }
    state_header header = {DETECTOR_MAGIC,
                           detector->identity,
                           detector->answers,
                           detector->until,
                           detector->next,
                           0,
                           0};
    header.crc =
        crc_of(&header, (const unsigned char *)state + sizeof header, bytes - sizeof header);
    memcpy(state, &header, sizeof header);
    return MLM_OK;
}

mlm_status mlm_detector_load_state(mlm_detector *detector, const void *state, size_t bytes) {
    state_header header;
    if (!detector || !state) return MLM_ERR_ARGUMENT;
    if (bytes != mlm_detector_state_bytes(detector)) return MLM_ERR_STATE;
    const unsigned char *at = (const unsigned char *)state + sizeof header;
    memcpy(&header, state, sizeof header);
    if (header.magic != DETECTOR_MAGIC || header.identity != detector->identity ||
        header.crc != crc_of(&header, at, bytes - sizeof header))
        return MLM_ERR_STATE;
    const unsigned char *ring = at + detector->events_bytes;
    if (detector->source) {
        const mlm_status status = mlm_session_load_state(
            detector->source, ring + detector->ring_bytes, session_bytes(detector));
        if (status != MLM_OK) return status;
    }
    memcpy(detector->events, at, detector->events_bytes);
    memcpy(mlm_detector_floats(detector, detector->ring), ring, detector->ring_bytes);
    detector->answers = header.answers;
    detector->until = header.until;
    detector->next = header.next;
    return MLM_OK;
}
