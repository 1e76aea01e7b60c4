/*
 * layers.c - see layers.h. Written from the equations of arXiv 2405.21060, section 7, and of PyTorch's GRU:
 * whole-sequence loops, one matrix product after the other, functions of the C library.
 */
#include "layers.h"

#include <string.h>

#include "loops.h"

static float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }

static void begin(const int *sizes, const float *const *w, const float *input, int frames,
                  float *u) {
    linear(input, sizes[SF_FEATURES], w[SF_LINEAR_IN_WEIGHT], w[SF_LINEAR_IN_BIAS], u, frames,
           sizes[SF_FEATURES], sizes[SF_D_MODEL]);
}

/* The mean over the frames of x (frames, width), through the classifier. */
static void classify(const float *x, int frames, int width, const float *weight, const float *bias,
                     int classes, float *mean, float *logits) {
    memset(mean, 0, sizeof(float) * (size_t)width);
    for (int t = 0; t < frames; t++)
        for (int i = 0; i < width; i++) mean[i] += x[t * width + i];
    for (int i = 0; i < width; i++) mean[i] /= (float)frames;
    linear(mean, width, weight, bias, logits, 1, width, classes);
}

/* ---- Mamba-2 ---------------------------------------------------------------------------------- */

/* Channels that are convolved, and columns of in_proj's rows: z, then those, then dt of each head. */
static int convolved(const int *s) { return s[SF2_D_INNER] + 2 * s[SF2_D_STATE]; }
static int projected(const int *s) { return s[SF2_D_INNER] + convolved(s) + s[SF2_HEADS]; }

/* Depthwise and causal over x, B and C of zxbcdt (frames, projected), then SiLU. */
static void conv1d_silu(const int *s, const float *const *w, const float *zxbcdt, float *xbc,
                        int frames) {
    const int channels = convolved(s), row = projected(s), taps = s[SF2_D_CONV];
    for (int t = 0; t < frames; t++) {
        for (int c = 0; c < channels; c++) {
            float sum = w[SF2_CONV1D_BIAS][c];
            for (int k = 0; k < taps; k++) {
                const int from = t + k - (taps - 1);
                if (from < 0) continue;
                sum += w[SF2_CONV1D_WEIGHT][c * taps + k] * zxbcdt[from * row + s[SF2_D_INNER] + c];
            }
            xbc[t * channels + c] = silu(sum);
        }
    }
}

/* h = exp(dt A) h + dt B x, y = C h + D x for every frame, head, channel of it and state. */
static void scan(const int *s, const float *const *w, const float *zxbcdt, const float *xbc,
                 float *h, float *y, int frames) {
    const int inner = s[SF2_D_INNER], states = s[SF2_D_STATE], heads = s[SF2_HEADS];
    const int row = projected(s), each = inner / heads;
    memset(h, 0, sizeof(float) * (size_t)(inner * states));
    for (int t = 0; t < frames; t++) {
        const float *x = xbc + t * convolved(s), *b = x + inner, *c = b + states;
        for (int head = 0; head < heads; head++) {
            const float dt = softplus(zxbcdt[t * row + row - heads + head] + w[SF2_DT_BIAS][head]);
            const float decay = expf(-dt * expf(w[SF2_A_LOG][head]));
            for (int i = head * each; i < (head + 1) * each; i++) {
                float sum = 0.0f;
                for (int n = 0; n < states; n++) {
                    float *state = h + i * states + n;
                    *state = decay * *state + dt * b[n] * x[i];
                    sum += *state * c[n];
                }
                y[t * inner + i] = sum + w[SF2_D][head] * x[i];
            }
        }
    }
}

/* RMSNorm of y silu(z). */
static void gated_norm(const int *s, const float *weight, const float *zxbcdt, float *y,
                       int frames) {
    const int inner = s[SF2_D_INNER];
    for (int t = 0; t < frames; t++, y += inner, zxbcdt += projected(s)) {
        float squares = 0.0f;
        for (int i = 0; i < inner; i++) {
            y[i] *= silu(zxbcdt[i]);
            squares += y[i] * y[i];
        }
        const float scale = 1.0f / sqrtf(squares / (float)inner + 1e-5f);
        for (int i = 0; i < inner; i++) y[i] *= scale * weight[i];
    }
}

long sf_mamba2_memory(const int *s, int frames) {
    return frames * (2 * s[SF_D_MODEL] + projected(s) + convolved(s) + s[SF2_D_INNER]) +
           s[SF2_D_INNER] * s[SF2_D_STATE] + s[SF_D_MODEL];
}

void sf_mamba2(const int *s, const float *const *w, const float *input, int frames, float *memory,
               float *logits) {
    const int model = s[SF_D_MODEL], inner = s[SF2_D_INNER];
    float *u = memory;                           /* (frames, d_model) */
    float *zxbcdt = u + frames * model;          /* (frames, projected) */
    float *xbc = zxbcdt + frames * projected(s); /* (frames, convolved) */
    float *y = xbc + frames * convolved(s);      /* (frames, d_inner) */
    float *out = y + frames * inner;             /* (frames, d_model) */
    float *h = out + frames * model;             /* (d_inner, d_state) */
    float *mean = h + inner * s[SF2_D_STATE];    /* (d_model) */

    begin(s, w, input, frames, u);
    linear(u, model, w[SF2_IN_PROJ], 0, zxbcdt, frames, model, projected(s));
    conv1d_silu(s, w, zxbcdt, xbc, frames);
    scan(s, w, zxbcdt, xbc, h, y, frames);
    gated_norm(s, w[SF2_NORM], zxbcdt, y, frames);
    linear(y, inner, w[SF2_OUT_PROJ], 0, out, frames, inner, model);
    classify(out, frames, model, w[SF2_CLASSIFIER_WEIGHT], w[SF2_CLASSIFIER_BIAS], s[SF2_CLASSES],
             mean, logits);
}

/* ---- GRU -------------------------------------------------------------------------------------- */

long sf_gru_memory(const int *s, int frames) {
    return frames * (s[SF_D_MODEL] + 4 * s[SFG_HIDDEN]) + 5 * s[SFG_HIDDEN];
}

/* r, z and n in rows of x, of the input, and of product, of the state. */
static void gru_step(int hidden, const float *x, const float *product, float *h, float *y) {
    for (int i = 0; i < hidden; i++) {
        const float r = sigmoid(x[i] + product[i]);
        const float z = sigmoid(x[hidden + i] + product[hidden + i]);
        const float n = tanhf(x[2 * hidden + i] + r * product[2 * hidden + i]);
        y[i] = h[i] = (1.0f - z) * n + z * h[i];
    }
}

void sf_gru(const int *s, const float *const *w, const float *input, int frames, float *memory,
            float *logits) {
    const int model = s[SF_D_MODEL], hidden = s[SFG_HIDDEN], gates = 3 * hidden;
    float *u = memory;                    /* (frames, d_model) */
    float *x = u + frames * model;        /* (frames, 3 * hidden) */
    float *y = x + frames * gates;        /* (frames, hidden) */
    float *product = y + frames * hidden; /* (3 * hidden) */
    float *h = product + gates;           /* (hidden) */
    float *mean = h + hidden;             /* (hidden) */

    begin(s, w, input, frames, u);
    linear(u, model, w[SFG_WEIGHT_IH], w[SFG_BIAS_IH], x, frames, model, gates);
    memset(h, 0, sizeof(float) * (size_t)hidden);
    for (int t = 0; t < frames; t++) {
        linear(h, hidden, w[SFG_WEIGHT_HH], w[SFG_BIAS_HH], product, 1, hidden, gates);
        gru_step(hidden, x + t * gates, product, h, y + t * hidden);
    }
    classify(y, frames, hidden, w[SFG_CLASSIFIER_WEIGHT], w[SFG_CLASSIFIER_BIAS], s[SFG_CLASSES],
             mean, logits);
}
