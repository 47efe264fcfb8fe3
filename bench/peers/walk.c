/* Random schedules of exclusive locks: the loop of engine/fuzz/exclusive-walk.ts in C, coverage included, for `npm run bench walks`.
 * stdin: tasks locks, then for each task its number of ops and the ops: lock + 1 takes it, -(lock + 1) gives it back.
 * arguments: walks. stdout: steps, deadlocks, features, seconds. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MOST_TASKS 31
#define MOST_LOCKS 256
#define MOST_OPS 65536
#define FEATURES 65536

static int tasks, locks, first[MOST_TASKS + 1], op[MOST_OPS];
static int at[MOST_TASKS], owner[MOST_LOCKS], giver[MOST_LOCKS];
static uint8_t schedule[2 * MOST_OPS], seen[FEATURES], counts[256], nths[256 * 8];
static uint32_t waiters[MOST_LOCKS];
static int length, features;

static int pick(uint32_t able, uint32_t chance) {
  if (tasks <= 8) return nths[able << 3 | (int)((uint64_t)chance * counts[able] >> 32)];
  int n = counts[able & 255] + counts[able >> 8 & 255] + counts[able >> 16 & 255] + counts[able >> 24];
  n = (int)((uint64_t)chance * (uint32_t)n >> 32);
  int from = 0;
  while (n >= counts[able & 255]) {
    n -= counts[able & 255];
    able >>= 8;
    from += 8;
  }
  return from + nths[(able & 255) << 3 | n];
}

static int walk(uint32_t state, uint64_t *steps) {
  uint32_t able = tasks == 31 ? 0x7fffffffu : (1u << tasks) - 1, waiting = 0;
  memcpy(at, first, sizeof at);
  memset(owner, 0, sizeof(int) * locks);
  memset(giver, 0, sizeof(int) * locks);
  memset(waiters, 0, sizeof(uint32_t) * locks);
  length = 0;
  while (able != 0) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    int t = pick(able, state), place = at[t], o = op[place];
    uint32_t bit = 1u << t;
    schedule[length++] = t;
    if (o < 0) {
      int l = -o - 1;
      owner[l] = 0;
      giver[l] = place;
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
          u = owner[op[at[u]] - 1] - 1;
        }
        continue;
      }
      owner[l] = t + 1;
      waiters[l] &= ~bit;
      waiting &= ~bit;
      able &= ~waiters[l];
      uint32_t feature = ((uint32_t)giver[l] * 40503u ^ (uint32_t)place) & (FEATURES - 1);
      if (!seen[feature]) {
        seen[feature] = 1;
        features++;
      }
    }
    at[t] = place + 1;
    (*steps)++;
    if (op[place + 1] == 0) able &= ~bit;
  }
  return 0;
}

int main(int argc, char **argv) {
  long walks = argc > 1 ? atol(argv[1]) : 1;
  for (int m = 0; m < 256; m++)
    for (int b = 0; b < 8; b++)
      if (m >> b & 1) nths[m << 3 | counts[m]++] = b;
  if (scanf("%d %d", &tasks, &locks) != 2 || tasks > MOST_TASKS || locks > MOST_LOCKS) return 1;
  for (int t = 0; t < tasks; t++) {
    int n;
    if (scanf("%d", &n) != 1 || first[t] + n + 1 > MOST_OPS) return 1;
    for (int i = 0; i < n; i++) if (scanf("%d", &op[first[t] + i]) != 1) return 1;
    first[t + 1] = first[t] + n + 1;
  }
  uint64_t steps = 0, deadlocks = 0;
  struct timespec from, to;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
  for (long i = 1; i <= walks; i++) deadlocks += walk((uint32_t)i * 2654435761u | 1u, &steps);
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
  double seconds = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
  printf("%llu %llu %d %.9f\n", (unsigned long long)steps, (unsigned long long)deadlocks, features, seconds);
  return 0;
}
