/*
 * trace.c - a TCG plugin of QEMU: writes what is executed, and what is loaded and stored, from one function's
 * entry until control is back where it was called from; then it ends the emulator. Decodes nothing.
 *
 *   -plugin trace.so,start=ADDRESS,caller=ADDRESS,end=ADDRESS,fd=NUMBER
 *
 * `start` is traced when it is entered from [caller, end). Records of little-endian words, by the two lowest bits
 * of the first:
 *   0  instruction (word >> 2) is executed
 *   1  it loads from or stores to: the address in the next word
 *   2  instruction (word >> 2) is known: its address and its bytes in the next two words
 *   3  the end: the address in the next word is where control went
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- of QEMU's qemu-plugin.h, version 1, which is not packaged --------------------------------------- */

typedef uint64_t qemu_plugin_id_t;
typedef uint32_t qemu_plugin_meminfo_t;
typedef struct qemu_info_t qemu_info_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;

enum { NO_REGISTERS = 0, READ_AND_WRITE = 3 };

typedef void (*on_translation)(qemu_plugin_id_t, struct qemu_plugin_tb *);
typedef void (*on_instruction)(unsigned int, void *);
typedef void (*on_access)(unsigned int, qemu_plugin_meminfo_t, uint64_t, void *);

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, on_translation);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *, on_instruction, int, void *);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *, on_access, int, int, void *);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;
__attribute__((visibility("default"))) int qemu_plugin_install(qemu_plugin_id_t id,
                                                               const qemu_info_t *info, int argc,
                                                               char **argv);

/* ---- the stream -------------------------------------------------------------------------------------- */

enum { EXECUTED, ACCESSED, KNOWN, ENDED };
enum { BUFFER_WORDS = 1 << 16, LONGEST_RECORD = 3 };

static uint32_t buffer[BUFFER_WORDS];
static size_t filled;
static int output;

static void flush(void) {
    const char *next = (const char *)buffer;
    size_t left = filled * sizeof *buffer;
    while (left > 0) {
        const ssize_t written = write(output, next, left);
        if (written <= 0) _exit(1); /* nobody reads any more */
        next += written;
        left -= (size_t)written;
    }
    filled = 0;
}

static void reserve(void) {
    if (filled + LONGEST_RECORD > BUFFER_WORDS) flush();
}

/* ---- instructions ------------------------------------------------------------------------------------ */

enum role { OTHER, START, CALLER };

struct instruction {
    uint32_t id, address;
    enum role role;
    struct instruction *next;
};

/* An instruction keeps its number however often it is translated. */
enum { BUCKETS = 1 << 14 };
static struct instruction *buckets[BUCKETS];
static uint32_t known;

static uint32_t start, caller, end_of_caller;
static bool is_tracing, was_in_caller;

static enum role role_of(uint32_t address) {
    if (address == start) return START;
    return address >= caller && address < end_of_caller ? CALLER : OTHER;
}

static void tell(const struct instruction *instruction, const struct qemu_plugin_insn *insn) {
    uint32_t bytes = 0;
    const size_t size = qemu_plugin_insn_size(insn);
    memcpy(&bytes, qemu_plugin_insn_data(insn), size < sizeof bytes ? size : sizeof bytes);
    reserve();
    buffer[filled++] = instruction->id << 2 | KNOWN;
    buffer[filled++] = instruction->address;
    buffer[filled++] = bytes;
}

static struct instruction *instruction_at(const struct qemu_plugin_insn *insn) {
    const uint32_t address = (uint32_t)qemu_plugin_insn_vaddr(insn);
    struct instruction **bucket = &buckets[(address >> 1) % BUCKETS];
    for (struct instruction *found = *bucket; found; found = found->next)
        if (found->address == address) return found;
    struct instruction *made = malloc(sizeof *made);
    if (!made) _exit(1);
    *made = (struct instruction){known++, address, role_of(address), *bucket};
    *bucket = made;
    tell(made, insn);
    return made;
}

static void end_trace(uint32_t address) {
    reserve();
    buffer[filled++] = ENDED;
    buffer[filled++] = address;
    flush();
    _exit(0);
}

static void executed(unsigned int cpu, void *data) {
    const struct instruction *instruction = data;
    (void)cpu;
    if (instruction->role == CALLER && is_tracing) end_trace(instruction->address);
    if (instruction->role == START && was_in_caller) is_tracing = true;
    was_in_caller = instruction->role == CALLER;
    if (!is_tracing) return;
    reserve();
    buffer[filled++] = instruction->id << 2 | EXECUTED;
}

static void accessed(unsigned int cpu, qemu_plugin_meminfo_t info, uint64_t address, void *data) {
    (void)cpu, (void)info, (void)data;
    if (!is_tracing) return;
    reserve();
    buffer[filled++] = ACCESSED;
    buffer[filled++] = (uint32_t)address;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *block) {
    const size_t count = qemu_plugin_tb_n_insns(block);
    (void)id;
    for (size_t i = 0; i < count; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(block, i);
        struct instruction *instruction = instruction_at(insn);
        qemu_plugin_register_vcpu_insn_exec_cb(insn, executed, NO_REGISTERS, instruction);
        /* Reads alone would be asked for by 1, and QEMU 7.2 loses some of them. */
        qemu_plugin_register_vcpu_mem_cb(insn, accessed, NO_REGISTERS, READ_AND_WRITE, NULL);
    }
}

/* The number behind "name=". */
static bool takes(const char *argument, const char *name, uint32_t *value) {
    const size_t length = strlen(name);
    if (strncmp(argument, name, length) != 0 || argument[length] != '=') return false;
    *value = (uint32_t)strtoul(argument + length + 1, NULL, 0);
    return true;
}

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv) {
    uint32_t descriptor = STDOUT_FILENO;
    (void)info;
    for (int i = 0; i < argc; i++) {
        if (!takes(argv[i], "start", &start) && !takes(argv[i], "caller", &caller) &&
            !takes(argv[i], "end", &end_of_caller) && !takes(argv[i], "fd", &descriptor))
            return -1;
    }
    output = (int)descriptor;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    return 0;
}
