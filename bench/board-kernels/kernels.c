/*
 * kernels.c - plain C of what esp-dsp's benchmark measures (its ANSI C versions), written from the description of
 * what they do: their cycles on an ESP32-S3 are published. KERNEL chooses one. Prints nothing; only its trace is of
 * interest.
 */
enum { DOT = 256, TAPS = 256, SAMPLES = 1024, SIDE = 16 };

static float a[SAMPLES], b[SAMPLES], y[SAMPLES], delay[TAPS];

#define KERNEL_FUNCTION __attribute__((noinline, noclone, used)) static

KERNEL_FUNCTION void dotprod(const float *x, const float *w, float *out, int count) {
    float sum = 0;
    for (int i = 0; i < count; i++) sum += x[i] * w[i];
    *out = sum;
}

/* The delay line is a ring: `position` moves on with every sample. */
KERNEL_FUNCTION void fir(const float *x, const float *taps, float *out, int count) {
    int position = 0;
    for (int i = 0; i < count; i++) {
        float sum = 0;
        int tap = 0;
        delay[position++] = x[i];
        if (position >= TAPS) position = 0;
        for (int n = position; n < TAPS; n++) sum += taps[tap++] * delay[n];
        for (int n = 0; n < position; n++) sum += taps[tap++] * delay[n];
        out[i] = sum;
    }
}

KERNEL_FUNCTION void biquad(const float *x, const float *c, float *out, int count) {
    static float w[2];
    for (int i = 0; i < count; i++) {
        const float d = x[i] - c[3] * w[0] - c[4] * w[1];
        out[i] = c[0] * d + c[1] * w[0] + c[2] * w[1];
        w[1] = w[0];
        w[0] = d;
    }
}

KERNEL_FUNCTION void matmul(const float *x, const float *w, float *out, int side) {
    for (int i = 0; i < side; i++)
        for (int j = 0; j < side; j++) {
            out[i * side + j] = x[i * side] * w[j];
            for (int s = 1; s < side; s++) out[i * side + j] += x[i * side + s] * w[s * side + j];
        }
}

enum { dotprod_size = DOT, fir_size = SAMPLES, biquad_size = SAMPLES, matmul_size = SIDE };
#define JOINED(name, end) name##end
#define SIZE_OF(name) JOINED(name, _size)

/* What is behind the call keeps it one: its trace ends where control comes back. */
__attribute__((noinline, used)) void call_kernel(void) {
    KERNEL(a, b, y, SIZE_OF(KERNEL));
    __asm__ volatile("");
}

void begin(void) {
    for (int i = 0; i < SAMPLES; i++) a[i] = b[i] = 1.0f / (float)(i + 3);
    call_kernel();
    for (;;) {
    }
}

/* Floats have to be switched on: mstatus.FS. */
__attribute__((naked, section(".start"))) void start(void) {
    __asm__("li t0, 0x2000\n csrs mstatus, t0\n la sp, stack_end\n j begin\n");
}
