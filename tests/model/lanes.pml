/* Lanes, and one order by time across them: a writer for each lane, without a locked instruction; and a reader that
 * merges the lanes by (time, lane) and accounts for every value.
 *
 * Labels: E4, E5 of a seat (seat.hpp); X1, S1, X2, S3, S4 of a writer; M1 to M3, R1, R2, R4, T1 to T3 of the reader.
 *
 *   writer  X1  head := n + 1, of a batch n + length     the claim: value n of this lane is under way
 *           S1  stamp := busy(n)                         (a batch: behind X2, for each of its values)
 *           X2  time := clock()
 *           S3  time and payload     S4  stamp := done(n)
 *   reader  M1  T := clock()         M2  membarrier      M3  h := head, of every lane         a round
 *
 * One statement of a STEP is one access to shared memory, or to the clock. A writer is killed (DEATHS) or stopped
 * (STOPS) between any two of them. Each holding of a seat is a session; that it is over is proved by the witness, and
 * that nobody but one newcomer is between two sessions by the door: mutex.pml has both. Here that is one step each.
 *
 * Memory: total store order. Each writer has a FIFO buffer of stores, which drains at any time, at a full fence, when
 * its owner is stopped or dies, and at the reader's membarrier if its process has registered. The membarrier reaches
 * one writer after the other, in any order. WEAK: X1 and S1 may become visible the other way round (nothing else may,
 * for S2 and the releases keep the rest in order).
 * The clock: `present`, which may or may not tick before anybody reads it, so that equal times come up everywhere. It
 * does not tick where nobody could tell (at a time that no value and no T bears).
 * X2 is RDTSCP (AArch64: ISB and MRS): not before what stands before it. RDTSC: the processor reads the clock ahead of
 * its time, before the stores and the loads that stand before X2, and even before the X2 of the value before; an
 * interrupt, a context switch, an LFENCE throw away what was read ahead and has not retired; the writer never lets the
 * times of its lane go back.
 *
 * The reader's rule: every lane has a bound below which nothing of it can lie that has not been seen, the time of its
 * newest value that has been seen, or the T of a round whose M3 found it empty. The smallest (time, lane) goes out if
 * it is below (bound, lane) of every lane that shows no value. A lane that shows none, for what it has claimed is not
 * done, is waited for. When patience is over, it is set aside: up to h its values come late, and are marked; for the
 * bound it counts as if they had been seen. (It still has one: what it claims from h on comes in order.)
 *
 * Sizes, -D:   LANES; SLOTS of each; HOLDERS of each, one after the other; VALUES of each holder; HOLDERS_1, VALUES_1:
 *              of the lanes but the first; BATCH, how many are claimed at once, with one time; BUF, stores in flight
 * Faults, -D:  DEATHS; STOPS; HOLD_ANY (patience may be over at any time, not only with a stopped writer); REGISTERED
 *              (bit k: the process of lane k takes part in membarrier; else it has a full fence before X2, and with
 *              RDTSC an LFENCE); REFUSED (the reader's does not: its T is some time ago, and a store buffer drains
 *              within that time); BACK (the clock goes back so many times)
 * Parts, -D:   ARRIVAL (the other order: each lane in its own, none waits for another); COPY (the reader takes the
 *              payload along when it looks at a time, and not only when it delivers); PASSES_OVER (out of patience, it
 *              passes over what the lane has claimed, and does not set it aside); WORDS (the payload has a word besides
 *              the time); WEAK; RDTSC; LEAN (a value is published by one store, and read and copied by one load: torn
 *              values are for other rows); AHEAD (with ARRIVAL: each holder may publish first, and store head behind the
 *              last S4 of a batch, so that its death leaves no hole; who comes next finds what was published ahead of
 *              head there, and goes on behind it; 2: each of them does, and there are no holes at all); CAUSAL (with LEAN, 2 LANES, 1 SLOT: a writer appends after it has seen a
 *              value of the other lane, and must not get a time below that one's)
 * Mutations:   M_..., each must be found out. tests/model/README.md lists them.
 */
#ifndef LANES
#define LANES 2
#endif
#ifndef SLOTS
#define SLOTS 1
#endif
#ifndef HOLDERS
#define HOLDERS 1
#endif
#ifndef HOLDERS_1
#define HOLDERS_1 HOLDERS
#endif
#ifndef VALUES
#define VALUES 1
#endif
#ifndef VALUES_1
#define VALUES_1 VALUES
#endif
#ifndef BATCH
#define BATCH 1
#endif
#ifndef BUF
#define BUF 4
#endif
#ifndef DEATHS
#define DEATHS 0
#endif
#ifndef STOPS
#define STOPS 0
#endif
#ifndef HOLD_ANY
#define HOLD_ANY 0
#endif
#ifndef REGISTERED
#define REGISTERED 7
#endif
#ifndef REFUSED
#define REFUSED 0
#endif
#ifndef BACK
#define BACK 0
#endif
#ifndef ARRIVAL
#define ARRIVAL 0
#endif
#ifndef PASSES_OVER
#define PASSES_OVER 0
#endif
#ifndef WORDS
#define WORDS 0
#endif
#ifndef WEAK
#define WEAK 0
#endif
#ifndef LEAN
#define LEAN 0
#endif
#ifndef COPY
#define COPY LEAN
#endif
#ifndef CAUSAL
#define CAUSAL 0
#endif
#ifndef AHEAD
#define AHEAD 0
#endif
#ifdef M_RDTSC
#define RDTSC 1
#endif
#ifndef RDTSC
#define RDTSC 0
#endif
#define PATIENCE (!ARRIVAL && (STOPS || HOLD_ANY)) /* that may be over */
#define ASIDE (PATIENCE && !PASSES_OVER)
#if HOLDERS * VALUES > HOLDERS_1 * VALUES_1
#define VS (HOLDERS * VALUES)
#else
#define VS (HOLDERS_1 * VALUES_1)
#endif

#define HAS_SUCCESSORS(k) ((k) == 0 || HOLDERS_1 > 1)

#define KEY(t, k) ((t) * LANES + (k))
#define SLOT(k, n) ((k) * SLOTS + (n) % SLOTS)
#define VALUE(k, n) ((k) * VS + (n))
#define IS_REGISTERED(k) ((REGISTERED >> (k)) & 1)
#if LANES == 1
#define ANY(predicate) (predicate(0))
#elif LANES == 2
#define ANY(predicate) (predicate(0) || predicate(1))
#else
#define ANY(predicate) (predicate(0) || predicate(1) || predicate(2))
#endif

/* ---- stamp.hpp ---------------------------------------------------------------------------------------------------- */
#define DONE(n) (((n) + 1) * 2)
#define BUSY(n) (((n) + 1) * 2 + 1)
#define IS_NEWER(s, n) ((s) > BUSY(n))

/* ---- the segment, as everybody sees it ---------------------------------------------------------------------------- */
byte head[LANES], claim[LANES]; /* claim: idle(h), by its number: the head at which the session began */
byte session[LANES];
byte stamp[LANES * SLOTS], time[LANES * SLOTS];
#if WORDS
byte word[LANES * SLOTS];
#endif
byte over[LANES]; /* the newest session that the witness knows to be over */
#define LIVES(k) (session[k] > over[k])

/* ---- what is on its way there ------------------------------------------------------------------------------------- */
#define A_HEAD 0
#define A_CLAIM 1
#define A_SESSION 2
#define A_STAMP 3
#define A_TIME (A_STAMP + SLOTS)
#define A_WORD (A_TIME + SLOTS)
#if LEAN
chan sb[LANES] = [BUF] of { byte, byte, byte };
#define TAKE_OUT(k) sb[k]?adr, val, val2
#define STORE2(a, v, w) sb[me]!(a), (v), (w)
#define STORE(a, v) STORE2(a, v, 0)
#else
chan sb[LANES] = [BUF] of { byte, byte };
#define TAKE_OUT(k) sb[k]?adr, val
#define STORE(a, v) sb[me]!(a), (v)
#endif
hidden byte adr, val, val2; /* of no meaning between two steps */
#if REFUSED
byte aged[LANES]; /* stores in the buffer that are older than the newest tick */
#define GETS_YOUNGER(k) if :: aged[k] > 0 -> aged[k]-- :: else fi
#else
#define GETS_YOUNGER(k) skip
#endif
#if RDTSC
byte ahead[LANES]; /* time + 1 that was read ahead of its time */
#define SQUASH(k) ahead[k] = 0
#else
#define SQUASH(k) skip
#endif

inline apply(k) {
  GETS_YOUNGER(k);
  if
  :: adr == A_HEAD -> head[k] = val
  :: adr == A_CLAIM -> claim[k] = val
  :: adr == A_SESSION -> session[k] = val
#if LEAN
  :: adr >= A_STAMP -> stamp[(k) * SLOTS + adr - A_STAMP] = val; time[(k) * SLOTS + adr - A_STAMP] = val2
#else
  :: adr >= A_STAMP && adr < A_TIME -> stamp[(k) * SLOTS + adr - A_STAMP] = val
  :: adr >= A_TIME && adr < A_WORD -> time[(k) * SLOTS + adr - A_TIME] = val
#if WORDS
  :: adr >= A_WORD -> word[(k) * SLOTS + adr - A_WORD] = val
#endif
#endif
  fi
}
#define DRAIN(k) do :: len(sb[k]) > 0 -> TAKE_OUT(k); apply(k) :: len(sb[k]) == 0 -> break od
#define ROOM (len(sb[me]) < BUF)

/* ---- the clock ---------------------------------------------------------------------------------------------------- */
#if BACK
#define BEFORE_BREAK 20
byte present = BEFORE_BREAK; /* when it has gone back it does not get there again */
#else
byte present;
#endif
bit seen; /* some T is this time */
#if REFUSED
#define IS_AGED(k) (aged[k] > 0)
#define MAY_TICK (!ANY(IS_AGED))
#define AGE(k) aged[k] = len(sb[k])
#if LANES == 1
#define TICK present++; AGE(0)
#else
#define TICK present++; AGE(0); AGE(1)
#endif
#else
#define MAY_TICK true
#define TICK present++
#endif
#if REFUSED || BACK
byte newest; /* time that a value bears; BACK: since the clock went back */
#define STAMPED (present <= newest + REFUSED) /* T may not yet lie beyond every value */
#define STAMP newest = present
#define UNSTAMP moved_r = 1
#else
bit stamped; /* some value has this time */
#define STAMPED stamped
#define STAMP stamped = 1
#define UNSTAMP stamped = 0
#endif
#ifdef M_SKEW /* the clocks of two processors differ by more than it takes a store to go from one to the other */
#define SKEW (me == 0 && present > 0 -> 1 : 0)
#else
#define SKEW 0
#endif
inline read_clock(t) {
#if !ARRIVAL
  if
  :: (STAMPED || seen) && MAY_TICK -> TICK; seen = 0
  :: true
  fi;
  t = present - SKEW; STAMP
#else
  t = n + 1
#endif
}

/* ---- what only the model knows ------------------------------------------------------------------------------------ */
byte deaths, stops, backs;
byte cur[LANES];           /* the reader's cursors */
byte fate[LANES * VS + 1];
#define OPEN 0
#define PUBLISHED 1 /* and the reader has not come by */
#define LOST 2      /* the reader has called it a hole, or overwritten: it may not be published any more */
#define PASSED 3    /* the reader has passed it over */
#define DELIVERED 4
byte real[LANES * VS + 1]; /* the time that its writer took */
byte last;                 /* (time, lane) + 1: nothing below it may come any more */
#if HOLDERS > 1
bit door[LANES];           /* a newcomer is between two sessions, or the seat is held */
#endif
bit at_work[LANES];        /* somebody holds the lane, and is not idle for ever */
bit stopped[LANES];
bit moved_r, moved_w;      /* since the reader began a round, or waited: somebody has come, gone, been stopped, gone on */
#define MOVED moved_r = 1; moved_w = 1
#if BACK
bit inexact;               /* is_exact() is false */
bit fresh[LANES * VS + 1]; /* published and its time taken after that was noticed, the first of its lane */
#endif
#if ASIDE
byte aside[LANES];         /* what is below it was set aside, and may come late */
#define IS_LATE(k, n) ((n) < aside[k])
#define SEEN_UP_TO(k) (cur[k] > aside[k] -> cur[k] : aside[k])
#else
#define IS_LATE(k, n) 0
#define SEEN_UP_TO(k) (cur[k])
#endif
#ifdef M_LATE_UNMARKED
#define MAY_BE_LATE(k, n) 0
#else
#define MAY_BE_LATE(k, n) IS_LATE(k, n)
#endif
/* What is left when nobody does anything any more. */
#if PASSES_OVER
#define IS_ALL_THERE_IS(k) (cur[k] == head[k])
#elif AHEAD
#define IS_ALL_THERE_IS(k) (cur[k] >= head[k] || stopped[k])
#elif ARRIVAL
#define IS_ALL_THERE_IS(k) (cur[k] == head[k] || stopped[k])
#else
#define IS_ALL_THERE_IS(k) (cur[k] == head[k] || (stopped[k] && IS_LATE(k, head[k] - 1)))
#endif
#define WORKS(k) ((at_work[k] && !stopped[k]) || len(sb[k]) > 0)
#define AT_WORK ANY(WORKS)

#if STOPS
#define GOES !stopped[me]
#else
#define GOES true
#endif
#if DEATHS == 0
#define STEP(guard, access) atomic { guard && GOES -> access }
#else
#ifdef M_LEASE /* the kernel lets go of the lease while its holder can still store */
#define STEP(guard, access) \
  atomic { guard && GOES -> access }; \
  if :: skip :: atomic { deaths < DEATHS && LIVES(me) -> deaths++; over[me] = session[me]; door[me] = 0 } fi
#else
#define STEP(guard, access) \
  if \
  :: atomic { guard && GOES -> access } \
  :: atomic { deaths < DEATHS -> deaths++; goto gone } \
  fi
#endif
#endif

/* The processor may read the clock for an X2 that is still to come. */
#if RDTSC
#define MAY_READ_AHEAD \
  if \
  :: atomic { !ahead[me] && GOES -> read_clock(ahead[me]); ahead[me]++ } \
  :: true \
  fi
#else
#define MAY_READ_AHEAD skip
#endif
#if RDTSC && !defined(M_NO_MAX)
#define TAKE(t) if :: t < newest_time -> t = newest_time :: else -> newest_time = t fi
#else
#define TAKE(t) skip
#endif
#if CAUSAL
#define IS_AFTER_CAUSE assert(t >= cause); cause = 0
#else
#define IS_AFTER_CAUSE skip
#endif

proctype Writer(byte me) {
#if CAUSAL
  byte cause;
#endif
  byte n, end, t, newest_time, todo = (me == 0 -> VALUES : VALUES_1);
#if AHEAD
  bit ahead_of_head;

  if :: ahead_of_head = 1 :: AHEAD == 1 fi;
#endif

#if HOLDERS > 1
  if
  :: HAS_SUCCESSORS(me)
  :: atomic { !HAS_SUCCESSORS(me) -> door[me] = 1; session[me] = 1; at_work[me] = 1; MOVED; goto append }
  fi;
end_take_seat: /* E1 to E3 */
  atomic { !LIVES(me) && !door[me] -> door[me] = 1; at_work[me] = 1; MOVED };
E4:
  STEP( true, n = head[me] );
#if AHEAD && !defined(M_NOT_TAKEN_OVER)
E4_there:
  if
#ifdef M_BUSY_TAKEN_OVER
  :: STEP( stamp[SLOT(me, n)] == DONE(n) || stamp[SLOT(me, n)] == BUSY(n), n++ ); goto E4_there
  :: STEP( stamp[SLOT(me, n)] != DONE(n) && stamp[SLOT(me, n)] != BUSY(n), skip )
#else
  :: STEP( stamp[SLOT(me, n)] == DONE(n), n++ ); goto E4_there
  :: STEP( stamp[SLOT(me, n)] != DONE(n), skip )
#endif
  fi;
#endif
#ifdef M_CLAIM_AHEAD
  STEP( ROOM, STORE(A_CLAIM, n + 1) );
#elif !defined(M_NO_CLAIM)
  STEP( ROOM, STORE(A_CLAIM, n) );
#endif
#if AHEAD
  STEP( ROOM, STORE(A_HEAD, n) );
#endif
E5:
  STEP( ROOM, STORE(A_SESSION, session[me] + 1) );
#else
  atomic { session[me] = 1; at_work[me] = 1; MOVED };
#endif

append:
  MAY_READ_AHEAD;
#if CAUSAL
  STEP( true, cause = (stamp[1 - me] > 0 && stamp[1 - me] % 2 == 0 -> time[1 - me] : 0) );
#endif
#ifdef M_TIME_FIRST
  STEP( true, read_clock(t) );
#endif
  atomic { end = (todo < BATCH -> todo : BATCH); end = n + (end < SLOTS -> end : SLOTS) }
#if WEAK
  if
  :: STEP( ROOM, STORE(A_STAMP + n % SLOTS, BUSY(n)) ); STEP( ROOM, STORE(A_HEAD, end) ); goto X2 /* S1 comes again */
  :: skip
  fi;
#endif
X1:
#if AHEAD
  if
  :: ahead_of_head
  :: !ahead_of_head -> STEP( ROOM, STORE(A_HEAD, end) )
  fi;
#elif defined(M_BATCH_HEADS) /* claims them one by one, and takes the time with the first */
  STEP( ROOM, STORE(A_HEAD, n + 1) );
#elif !defined(M_HEAD_LATE)
  STEP( ROOM, STORE(A_HEAD, end) );
#endif
X2:
#if (REGISTERED & 7) != 7 && !defined(M_NO_FENCE)
  if
  :: IS_REGISTERED(me)
  :: !IS_REGISTERED(me) ->
     STEP( true, DRAIN(me) );
#if RDTSC && !defined(M_NO_LFENCE)
     STEP( true, SQUASH(me) )
#endif
  fi;
#endif
#ifndef M_TIME_FIRST
#if RDTSC
  if
  :: STEP( ahead[me] > 0, t = ahead[me] - 1; ahead[me] = 0; TAKE(t); IS_AFTER_CAUSE )
  :: STEP( true, read_clock(t); TAKE(t); IS_AFTER_CAUSE ) /* what was read ahead is for the next value */
  fi;
#else
  STEP( true, read_clock(t); IS_AFTER_CAUSE );
#endif
#endif
next:
#if !LEAN && (BATCH > 1 || !defined(M_NO_BUSY))
S1:
  STEP( ROOM, STORE(A_STAMP + n % SLOTS, BUSY(n)) );
#endif
#ifdef M_DONE_FIRST
  STEP( ROOM, STORE(A_STAMP + n % SLOTS, DONE(n)) );
#endif
#if !LEAN
S3:
  STEP( ROOM, STORE(A_TIME + n % SLOTS, t) );
#if WORDS
  STEP( ROOM, STORE(A_WORD + n % SLOTS, n + 1) );
#endif
#endif
S4:
  STEP( ROOM,
#if LEAN
        STORE2(A_STAMP + n % SLOTS, DONE(n), t);
#else
        STORE(A_STAMP + n % SLOTS, DONE(n));
#endif
        assert(fate[VALUE(me, n)] == OPEN || fate[VALUE(me, n)] == PASSED);
        if
        :: fate[VALUE(me, n)] == OPEN ->
           assert(n >= cur[me]);
           fate[VALUE(me, n)] = PUBLISHED;
           real[VALUE(me, n)] = t;
#if BACK
           fresh[VALUE(me, n)] = inexact && t < BEFORE_BREAK && n == 0;
           assert(KEY(t, me) + 1 >= last || backs)
#elif !ARRIVAL
           assert(KEY(t, me) + 1 >= last || MAY_BE_LATE(me, n)) /* what comes up is not older than what has gone out */
#endif
        :: else
        fi;
        n++; todo-- );
#ifdef M_HEAD_LATE
  STEP( ROOM, STORE(A_HEAD, n) );
#endif
#if AHEAD
  if
  :: n == end && ahead_of_head -> STEP( ROOM, STORE(A_HEAD, end) )
  :: else
  fi;
#endif
  if
  :: n < end ->
#ifdef M_BATCH_HEADS
     STEP( ROOM, STORE(A_HEAD, n + 1) );
#endif
     goto next
  :: n == end && todo > 0 -> goto append
  :: n == end && todo == 0
  fi;
  if
  :: atomic { GOES -> at_work[me] = 0; MOVED; n = 0; end = 0; t = 0; newest_time = 0 } /* stays, and does nothing more */
#if HOLDERS > 1
  :: HAS_SUCCESSORS(me) -> STEP( true, goto gone )
#endif
  fi;
end_idle:
  false;
gone: /* dead, or gone: no store of it can still come; then the witness may say so */
#ifdef M_LEASE
  DRAIN(me);
#endif
  atomic {
    DRAIN(me); SQUASH(me); over[me] = session[me]; at_work[me] = 0; stopped[me] = 0; MOVED;
#if HOLDERS > 1
    door[me] = 0;
#endif
    n = 0; end = 0; t = 0; newest_time = 0; todo = 0
  }
}

#if STOPS
#define STOP(k) \
  :: atomic { stops < STOPS && at_work[k] && !stopped[k] -> stops++; stopped[k] = 1; DRAIN(k); SQUASH(k); MOVED } \
  :: atomic { stopped[k] -> stopped[k] = 0; MOVED }
proctype Stopper() {
end_stopper:
  do
  STOP(0)
#if LANES > 1
  STOP(1)
#endif
#if LANES > 2
  STOP(2)
#endif
  od
}
#endif

#if BACK
proctype Clock() {
end_clock:
  do
  :: atomic { backs < BACK -> backs++; present = 0; newest = 0; seen = 1; MOVED }
  od
}
#endif

proctype Memory() {
end_memory:
  do
  :: atomic { len(sb[0]) > 0 -> TAKE_OUT(0); apply(0) }
#if LANES > 1
  :: atomic { len(sb[1]) > 0 -> TAKE_OUT(1); apply(1) }
#endif
#if LANES > 2
  :: atomic { len(sb[2]) > 0 -> TAKE_OUT(2); apply(2) }
#endif
  od
}

/* ---- the reader --------------------------------------------------------------------------------------------------- */
#define FATE fate[VALUE(k, cur[k])]
#define MOVE_ON real[VALUE(k, cur[k])] = 0; cur[k]++
#define LOSE if :: FATE == PUBLISHED -> FATE = DELIVERED :: else -> FATE = LOST fi; MOVE_ON /* overwritten, or a hole */

#ifdef M_SPEC_KEPT /* an interrupt that keeps what was read ahead: there is no such processor */
#define IPI(k) DRAIN(k)
#else
#define IPI(k) DRAIN(k); SQUASH(k)
#endif
#define REACH(w) :: atomic { !hit[w] -> hit[w] = 1; if :: IS_REGISTERED(w) -> IPI(w) :: else fi }
#if LANES == 1
#define MEMBARRIER atomic { IPI(0) }
#elif LANES == 2
#define MEMBARRIER \
  do REACH(0) REACH(1) :: atomic { hit[0] && hit[1] -> hit[0] = 0; hit[1] = 0; break } od
#else
#define MEMBARRIER \
  do REACH(0) REACH(1) REACH(2) :: atomic { hit[0] && hit[1] && hit[2] -> hit[0] = 0; hit[1] = 0; hit[2] = 0; break } od
#endif
#define READ_HEADS do :: k < LANES -> atomic { h[k] = head[k]; k++ } :: atomic { k == LANES -> k = 0; break } od

#if REFUSED && !defined(M_NO_LAG)
#define T_OF_NOW (present > 0 -> present - 1 : 0)
#else
#define T_OF_NOW present
#endif
#ifdef M_LAG_BACK
#define NEWEST_POSSIBLE T
#else
#define NEWEST_POSSIBLE present
#endif

#ifdef M_BOUND_ANY /* as if all that was claimed had been seen */
#define BOUND(k) (T > bound[k] -> T : bound[k])
#else
#define BOUND(k) (SEEN_UP_TO(k) >= h[k] && T > bound[k] -> T : bound[k])
#endif
#ifdef M_BOUND_TIE /* as if ties did not matter */
#define IS_BELOW(c, k) ((c) - 1 < KEY(BOUND(k) + 1, 0))
#else
#define IS_BELOW(c, k) ((c) - 1 < KEY(BOUND(k), k))
#endif

#ifdef M_NO_T1
#define IS_CLAIMED(k) (cur[k] < VS)
#else
#define IS_CLAIMED(k) (cur[k] < h[k])
#endif
#define HOLDS_UP(k) (pend[k] && !IS_LATE(k, cur[k]))
#if HOLD_ANY
#define IMPATIENT(k) HOLDS_UP(k)
#else
#define IMPATIENT(k) (HOLDS_UP(k) && stopped[k])
#endif

proctype Reader() {
  byte T, k, m, c, s, t;
  byte h[LANES];     /* heads, as of M3 */
  byte cand[LANES];  /* (time, lane) + 1 of the value at the cursor, if that shows */
  byte bound[LANES]; /* nothing of the lane that has not been seen has a time below it */
  bit pend[LANES];   /* claimed, and not done */
  bit hit[LANES];
  bit covered;
#if HOLDERS > 1
  byte held;
#endif
#if WORDS
  byte w;
#if COPY
  byte copy[LANES];
#endif
#endif
#if BACK
  bit out[LANES];    /* from before the clock went back: goes out at once */
#endif

round:
  if
  :: atomic { AT_WORK -> moved_r = 1 }
  :: atomic { !(AT_WORK) && moved_r -> moved_r = 0 }
  :: atomic {
       !(AT_WORK) && !moved_r ->
       /* There has been a whole round since anybody did anything: all there is has been delivered or counted. */
       for (k : 0 .. LANES - 1) { assert(IS_ALL_THERE_IS(k)); h[k] = 0 }
       k = 0; T = 0
     };
end_rest:
     atomic { AT_WORK || moved_r -> moved_r = 1 }
  fi;
#if !ARRIVAL
#ifdef M_HEADS_FIRST
  READ_HEADS;
#endif
#ifdef M_T_LATE /* M1 is not over when M2 begins: no LFENCE */
  MEMBARRIER;
#endif
M1:
  atomic {
    if
    :: STAMPED && MAY_TICK -> TICK; UNSTAMP
    :: AT_WORK || !STAMPED
    fi;
    T = T_OF_NOW; seen = 1;
#if BACK
    for (k : 0 .. LANES - 1) { if :: T < bound[k] -> c = 1 :: else fi }
    if
    :: c ->
       c = 0; assert(backs); inexact = 1;
       for (k : 0 .. LANES - 1) {
#ifndef M_BACK_WAITS
         if :: cand[k] > KEY(T + 1, 0) -> out[k] = 1 :: else fi;
#endif
#ifndef M_BACK_KEEPS
         bound[k] = 0; last = 0
#endif
       }
    :: else
    fi;
#else
    for (k : 0 .. LANES - 1) { assert(cand[k] <= KEY(NEWEST_POSSIBLE + 1, 0)) } /* else the clock has gone back */
#endif
    k = 0
  };
M2: /* membarrier */
#if !REFUSED && !defined(M_NO_BARRIER) && !defined(M_T_LATE)
  MEMBARRIER;
#endif
#endif
M3: /* T1 of what is below h */
#ifndef M_HEADS_FIRST
  READ_HEADS;
#endif

look_all:
  do
  :: k == LANES -> break
  :: k < LANES && cand[k] > 0 -> k++
  :: k < LANES && cand[k] == 0 ->
look: /* a value that shows is good, claimed since M3 or not */
#if LEAN
     atomic { s = stamp[SLOT(k, cur[k])]; t = (s == DONE(cur[k]) -> time[SLOT(k, cur[k])] : 0) };
     if
     :: s == DONE(cur[k]) ->
#else
     s = stamp[SLOT(k, cur[k])]; /* R1 */
     if
     :: s == DONE(cur[k]) ->
        t = time[SLOT(k, cur[k])]; /* R2 */
#endif
#if WORDS && COPY
        w = word[SLOT(k, cur[k])];
#endif
        atomic { /* R4 */
          if
#if defined(M_NO_R4) || LEAN
          :: true ->
#else
          :: stamp[SLOT(k, cur[k])] == s ->
#endif
             assert(t == real[VALUE(k, cur[k])]);
             cand[k] = KEY(t, k) + 1;
             bound[k] = (t > bound[k] -> t : bound[k]);
#if WORDS && COPY
             copy[k] = w;
#endif
             k++
#if !defined(M_NO_R4) && !LEAN
          :: else -> LOSE
#endif
          fi;
#if WORDS && COPY
          w = 0;
#endif
          s = 0; t = 0
        }
     :: IS_NEWER(s, cur[k]) -> atomic { LOSE; s = 0 } /* overwritten */
     :: (s < DONE(cur[k]) || s == BUSY(cur[k])) && !IS_CLAIMED(k) -> atomic { s = 0; k++ }
     :: (s < DONE(cur[k]) || s == BUSY(cur[k])) && IS_CLAIMED(k) ->
T2:     /* the claim, the session, whether it is over */
        s = 0;
#ifdef M_SETTLE_HEAD /* as if head > n + 1 proved that n is done: not where several are claimed at once */
        covered = (head[k] <= cur[k] + 1);
        if
        :: covered -> covered = (claim[k] <= cur[k])
        :: else
        fi;
#else
        covered = (claim[k] <= cur[k]);
#endif
#ifndef M_NO_LEASE_TEST
        if
        :: covered ->
#if HOLDERS > 1
           held = session[k]; atomic { covered = (held > over[k]); held = 0 }
#else
           covered = LIVES(k)
#endif
        :: else
        fi;
#endif
T3:
        atomic {
#ifndef M_NO_T3
          s = stamp[SLOT(k, cur[k])];
          if
          :: s == DONE(cur[k]) || IS_NEWER(s, cur[k]) -> s = 0; covered = 0; goto look
          :: else -> s = 0
          fi;
#endif
          if
          :: covered -> covered = 0; pend[k] = 1; k++
          :: else -> assert(FATE != PUBLISHED && AHEAD != 2); LOSE /* a hole, for ever */
          fi
        }
     fi
  od;

  /* Which goes out? m: that, or LANES. c: why not yet, 1: claimed and not done; 2: not proved empty */
#if ARRIVAL
  if /* one that shows, whichever */
  :: cand[0] > 0 -> m = 0
#if LANES > 1
  :: cand[1] > 0 -> m = 1
#endif
#if LANES > 2
  :: cand[2] > 0 -> m = 2
#endif
  :: else ->
     atomic { for (k : 0 .. LANES - 1) { h[k] = 0; pend[k] = 0 } k = 0; goto round }
  fi;
#else
  atomic {
    m = LANES; c = 0;
    for (k : 0 .. LANES - 1) {
      if
      :: cand[k] > 0 ->
         if
         :: m == LANES -> m = k
         :: else -> if :: cand[k] < cand[m] -> m = k :: else fi
         fi
      :: else
      fi
    }
    for (k : 0 .. LANES - 1) {
      if
      :: cand[k] > 0
#ifdef M_IGNORE_PENDING
      :: cand[k] == 0 && pend[k]
      :: cand[k] == 0 && !pend[k] ->
#elif defined(M_ASIDE_FREE) /* as if nothing could come in order behind what was set aside */
      :: cand[k] == 0 && IS_LATE(k, cur[k])
      :: cand[k] == 0 && !IS_LATE(k, cur[k]) ->
#else
      :: cand[k] == 0 ->
#endif
         if
         :: m == LANES -> if :: HOLDS_UP(k) -> c = 1 :: else fi
         :: else ->
            if
            :: IS_BELOW(cand[m], k)
            :: !IS_BELOW(cand[m], k) && HOLDS_UP(k) -> c = 1
            :: !IS_BELOW(cand[m], k) && !HOLDS_UP(k) -> if :: c == 0 -> c = 2 :: else fi
            fi
         fi
      fi
    }
#if BACK
    for (k : 0 .. LANES - 1) { if :: out[k] -> m = k; c = 0 :: else fi }
#endif
    k = 0;
    if
    :: c == 1 -> m = 0; c = 0; goto wait
    :: c == 2 || (c == 0 && m == LANES) ->
       m = 0; c = 0;
       for (k : 0 .. LANES - 1) { bound[k] = BOUND(k); pend[k] = 0 }
       for (k : 0 .. LANES - 1) { h[k] = 0 }
       k = 0; T = 0;
       goto round
    :: c == 0 && m < LANES
    fi
  };
#endif

  /* deliver m */
#if !COPY
  s = stamp[SLOT(m, cur[m])]; /* R1 */
  if
  :: s == DONE(cur[m]) ->
#if WORDS
     w = word[SLOT(m, cur[m])]; /* R2 */
#endif
     s = stamp[SLOT(m, cur[m])] /* R4 */
  :: else
  fi;
#ifdef M_NO_R4
  s = DONE(cur[m]);
#endif
#endif
  atomic {
    k = m;
    if
#if !COPY
    :: s != DONE(cur[m]) -> LOSE /* overwritten meanwhile */
    :: s == DONE(cur[m]) ->
#else
    :: true ->
#endif
       assert(FATE == PUBLISHED);
#if WORDS
#if COPY
       assert(copy[m] == cur[m] + 1);
#else
       assert(w == cur[m] + 1);
#endif
#endif
       FATE = DELIVERED;
#if BACK
       if
       :: out[m] -> assert(!fresh[VALUE(m, cur[m])]); moved_r = 1 /* marked; the next one takes another round */
       :: !out[m] && cand[m] < last -> assert(backs && !fresh[VALUE(m, cur[m])]); inexact = 1; /* marked */
#ifndef M_BACK_KEEPS
          for (k : 0 .. LANES - 1) { bound[k] = 0 }
          k = m; last = cand[m]
#else
          skip
#endif
       :: !out[m] && cand[m] >= last -> last = cand[m]
       fi;
       out[m] = 0;
#elif !ARRIVAL
       assert(cand[m] >= last || MAY_BE_LATE(m, cur[m])); /* below last: it is marked */
       if :: cand[m] > last -> last = cand[m] :: else fi;
#endif
       MOVE_ON
    fi;
    cand[m] = 0;
#if WORDS
#if COPY
    copy[m] = 0;
#else
    w = 0;
#endif
#endif
    for (k : 0 .. LANES - 1) { pend[k] = 0 }
    k = 0; s = 0; m = 0;
    goto look_all
  };

#if !ARRIVAL
wait: /* what is claimed and not done holds up what shows */
  if
  :: atomic { AT_WORK -> moved_w = 1 }
  :: atomic { !(AT_WORK) && moved_w -> moved_w = 0 }
#if PATIENCE
  :: /* `hold` is over */
     atomic {
       ANY(IMPATIENT) ->
       for (k : 0 .. LANES - 1) {
         if
         :: IMPATIENT(k) ->
#if ASIDE
            aside[k] = h[k]
#else
            do
            :: cur[k] < h[k] -> FATE = PASSED; MOVE_ON
            :: cur[k] >= h[k] -> break
            od
#endif
         :: else
         fi
       }
       k = 0
     }
#endif
  fi;
  atomic {
    for (k : 0 .. LANES - 1) { pend[k] = 0 }
    k = 0;
    goto look_all
  }
#endif
}

init {
  atomic {
    byte i, j;
    for (i : 0 .. LANES - 1) {
      for (j : 1 .. (i == 0 -> HOLDERS : HOLDERS_1)) { run Writer(i) }
    }
#if STOPS
    run Stopper();
#endif
#if BACK
    run Clock();
#endif
    run Memory();
    run Reader();
    i = 0; j = 0
  }
}
