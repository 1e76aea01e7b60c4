/*
 * detector_setup.h - the detector of a project as its headers describe it, for all programs of this folder.
 */
#ifndef MLM_DETECTOR_SETUP_H
#define MLM_DETECTOR_SETUP_H

#include "mlm_detector.h"
#include "model_blob.h"
#include "model_detector.h"
#if DETECTOR_HAS_FRONT
#include "front_blob.h"
#endif

static const float detector_thresholds[DETECTOR_CLASSES] = DETECTOR_THRESHOLDS;

static inline mlm_status open_models(mlm_model *model, mlm_model *front) {
    const mlm_status status = mlm_model_open(model, model_blob, MODEL_BLOB_BYTES, 0);
#if DETECTOR_HAS_FRONT
    return status == MLM_OK ? mlm_model_open(front, front_blob, FRONT_BLOB_BYTES, 0) : status;
#else
    (void)front;
    return status;
#endif
}

static inline mlm_detector_options detector_options(const mlm_model *model,
                                                    const mlm_model *front) {
    return (mlm_detector_options){
        .model = model,
        .front = DETECTOR_HAS_FRONT ? front : 0,
        .tile = DETECTOR_TILE,
        .window = DETECTOR_WINDOW,
        .hop = DETECTOR_HOP,
        .smooth = DETECTOR_SMOOTH,
        .hold_off = DETECTOR_HOLD_OFF,
        .thresholds = detector_thresholds,
    };
}

#endif
