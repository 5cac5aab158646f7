/* The reservation of the interprocess mutex (include/arena_shm/core/mutex.hpp, guarded_writer.hpp), sequentially
 * consistent: a thread that enters by its claim alone, V1 to V3, and others who take the reservation back, V4 to V6.
 *
 * A waiter that sleeps in slices is one that goes on whenever what it looks at has changed; what it would find after
 * a slice counts as changed. Who is stuck for ever is an invalid end state.
 *
 *   -DA  allocs of the reserving thread      -DC  contenders, -DB locks each
 *   -DD  deaths (at every step)              -DNEWCOMER  a dead thread's seat is taken again, which frees the mutex
 *   mutations that must fail:  M_NOV3   the word is not looked at again after the claim
 *                              M_NOW    V4 does not store W: the claim is looked at without a word that keeps it out
 *                              M_NOGEN  a generation is used twice
 *                              M_NOLEASE  a dead one's reservation is not freed
 */
#ifndef A
#define A 3
#endif
#ifndef C
#define C 2
#endif
#ifndef B
#define B 1
#endif
#ifndef D
#define D 0
#endif

#define SEATS (C + 1)
#define W 1024
#define R 8
#define OWNER(w) ((w) & 7)
#define ME(i) ((i) + 1)
#ifdef M_NOGEN
#define RESERVED(i, g) (R + ME(i))
#else
#define RESERVED(i, g) (R + 16 * (g) + ME(i))
#endif

short word;
bit busy_claim[SEATS]; /* the seat's claim is not idle */
bit lease[SEATS];
byte generation; /* Seat::reservations of seat 0 */
byte deaths;
byte inside; /* ghost: the living inside of the guarded alloc */

#if D > 0
#define MAYDIE :: atomic { (deaths < D) -> deaths++; goto dead }
#else
#define MAYDIE
#endif
#define STEP(code) if :: atomic { code } MAYDIE fi
#define ENTER assert(inside == 0); inside++; in = 1
#define LEAVE inside--; in = 0

/* lock_slow, of seat `me`; the thread's own reservation that was taken back is like anybody else's. */
#define LOCK                                                                                          \
  waited = 0;                                                                                         \
  again:                                                                                              \
  STEP(seen = word);                                                                                  \
  if                                                                                                  \
  :: seen == 0 ->                                                                                     \
     STEP(if :: word == 0 -> word = ME(me) + waited; ENTER; ok = 1 :: else -> ok = 0 fi); /* M1 */    \
     if :: ok -> goto locked :: else -> goto again fi                                                 \
  :: else                                                                                             \
  fi;                                                                                                 \
  STEP(ok = (OWNER(seen) != ME(me) && !lease[OWNER(seen) - 1]));                                      \
  if                                                                                                  \
  :: ok -> NOLEASE /* take_from_dead: its seat is locked meanwhile, so the word and the lease stand still */ \
     STEP(if :: word == seen && !lease[OWNER(seen) - 1] -> word = 0 :: else fi); /* M3 */             \
     goto again                                                                                       \
  :: else                                                                                             \
  fi;                                                                                                 \
  SETW                                                                                                \
  if                                                                                                  \
  :: seen & R ->                                                                                      \
     STEP(ok = !busy_claim[OWNER(seen) - 1]); /* V5, V6 */                                            \
     if                                                                                               \
     :: ok -> STEP(if :: word == seen -> word = 0 :: else fi); goto again                             \
     :: else                                                                                          \
     fi                                                                                               \
  :: else                                                                                             \
  fi;                                                                                                 \
  if /* asleep */                                                                                     \
  :: atomic { word != seen -> goto again }                                                            \
  :: atomic { (seen & R) && !busy_claim[OWNER(seen) - 1] -> goto again }                              \
  :: atomic { OWNER(seen) != ME(me) && !lease[OWNER(seen) - 1] CANSEEDEATH -> goto again }            \
  MAYDIE                                                                                              \
  fi;                                                                                                 \
  locked:

#ifdef M_NOLEASE
#define NOLEASE if :: (seen & R) -> goto sleep_on :: else fi;
#define CANSEEDEATH && !(seen & R)
#else
#define NOLEASE
#define CANSEEDEATH
#endif
#ifdef M_NOW
#define SETW skip; sleep_on:
#else
#define SETW                                                                                          \
  if                                                                                                  \
  :: !(seen & W) ->                                                                                   \
     STEP(if :: word == seen -> word = seen + W; ok = 1 :: else -> ok = 0 fi); /* V4 */               \
     if :: ok -> seen = seen + W; waited = W :: else -> goto again fi                                 \
  :: else -> waited = W                                                                               \
  fi;                                                                                                 \
  sleep_on:
#endif

proctype Reserver() {
  byte me = 0, todo = A;
  short seen, mine = -1, waited;
  bit ok, in;

  do
  :: todo == 0 -> break
  :: else ->
     todo--;
     STEP(ok = (word == mine)); /* has_reservation, before */
     if
     :: ok ->
        STEP(busy_claim[me] = 1); /* V1 */
        STEP(skip);               /* V2 */
#ifdef M_NOV3
        STEP(ok = 1; ENTER);
#else
        STEP(ok = (word == mine); if :: ok -> ENTER :: else fi); /* V3 */
#endif
        if
        :: ok -> STEP(LEAVE; busy_claim[me] = 0) /* publish; W4 */
        :: else -> STEP(busy_claim[me] = 0)      /* give_up */
        fi;
        /* alloc's end: give the reservation back if somebody has asked for it */
        STEP(if :: mine >= 0 && word == mine + W -> word = 0 :: else fi);
        if :: ok -> goto next :: else fi
     :: else
     fi;
     LOCK
     STEP(busy_claim[me] = 1);
     STEP(busy_claim[me] = 0);
     if /* unlock, or unlock and reserve */
     :: STEP(if :: word == ME(me) -> LEAVE; mine = RESERVED(me, generation); generation++; word = mine
               :: else -> LEAVE; word = 0 fi)
     :: STEP(LEAVE; word = 0)
     fi;
     next: skip
  od;
  /* ~GuardedWriter, or it stays for ever */
  if
  :: STEP(if :: mine >= 0 && (word == mine || word == mine + W) -> word = 0 :: else fi); STEP(lease[me] = 0)
  :: skip
  fi;
  goto end;
dead:
  atomic { if :: in -> inside--; in = 0 :: else fi; lease[me] = 0 };
#ifdef NEWCOMER
  atomic { !lease[me] -> lease[me] = 1 }; /* seat.cpp: takes the lease, frees the mutex, then the claim is idle */
  atomic { if :: OWNER(word) == ME(me) -> word = 0 :: else fi };
  busy_claim[me] = 0;
#endif
end: skip
}

proctype Contender(byte me) {
  byte todo = B;
  short seen, waited;
  bit ok, in;

  do
  :: todo == 0 -> break
  :: else ->
     todo--;
     LOCK
     STEP(busy_claim[me] = 1);
     STEP(busy_claim[me] = 0);
     STEP(LEAVE; word = 0) /* M2, waking */
  od;
  goto end;
dead:
  atomic { if :: in -> inside--; in = 0 :: else fi; lease[me] = 0 };
end: skip
}

init {
  atomic {
    byte i;
    for (i : 0 .. SEATS - 1) { lease[i] = 1 }
    run Reserver();
    for (i : 1 .. C) { run Contender(i) }
    i = 0
  }
}
