/* Random schedules of exclusive locks: the loop of engine/fuzz/fast-walk.ts in C, for `npm run bench walks`.
 * stdin: tasks locks, then for each task its number of ops and the ops: lock + 1 takes it, -(lock + 1) gives it back.
 * arguments: walks. stdout: steps, deadlocks, seconds. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MOST_TASKS 31
#define MOST_LOCKS 256
#define MOST_OPS 65536

static int tasks, locks, base[MOST_TASKS + 1], op[MOST_OPS];
static int pc[MOST_TASKS], owner[MOST_LOCKS], schedule[2 * MOST_OPS];
static uint32_t waiters[MOST_LOCKS];
static int length;

static int walk(uint32_t state, uint64_t *steps) {
  uint32_t able = tasks == 31 ? 0x7fffffffu : (1u << tasks) - 1, waiting = 0;
  memset(pc, 0, sizeof pc);
  memset(owner, 0, sizeof(int) * locks);
  memset(waiters, 0, sizeof(uint32_t) * locks);
  length = 0;
  while (able != 0) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    int n = (int)(((uint64_t)state * (uint32_t)__builtin_popcount(able)) >> 32);
    uint32_t left = able;
    while (n-- > 0) left &= left - 1;
    int t = __builtin_ctz(left), g = base[t] + pc[t], o = op[g];
    uint32_t bit = 1u << t;
    schedule[length++] = t;
    if (o < 0) {
      int l = -o - 1;
      owner[l] = 0;
      able |= waiters[l];
    } else {
      int l = o - 1;
      if (owner[l] != 0) {
        waiters[l] |= bit;
        able &= ~bit;
        waiting |= bit;
        int u = owner[l] - 1;
        for (int i = 0; i < tasks && (waiting >> u & 1); i++) {
          if (u == t) return 1;
          u = owner[op[base[u] + pc[u]] - 1] - 1;
        }
        continue;
      }
      owner[l] = t + 1;
      waiters[l] &= ~bit;
      waiting &= ~bit;
      able &= ~waiters[l];
    }
    pc[t]++;
    (*steps)++;
    if (g + 1 == base[t + 1]) able &= ~bit;
  }
  return 0;
}

int main(int argc, char **argv) {
  long walks = argc > 1 ? atol(argv[1]) : 1;
  if (scanf("%d %d", &tasks, &locks) != 2 || tasks > MOST_TASKS || locks > MOST_LOCKS) return 1;
  for (int t = 0; t < tasks; t++) {
    int n;
    if (scanf("%d", &n) != 1 || base[t] + n > MOST_OPS) return 1;
    for (int i = 0; i < n; i++) if (scanf("%d", &op[base[t] + i]) != 1) return 1;
    base[t + 1] = base[t] + n;
  }
  uint64_t steps = 0, deadlocks = 0;
  struct timespec from, to;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
  for (long i = 1; i <= walks; i++) deadlocks += walk((uint32_t)i * 2654435761u | 1u, &steps);
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
  double seconds = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
  printf("%llu %llu %.9f\n", (unsigned long long)steps, (unsigned long long)deadlocks, seconds);
  return 0;
}
