/* Sleeping and waking: doorbell.hpp, doorbell.cpp, futex.cpp, wait_for() of reader_core.cpp. Labels D1 to D6 as there.
 *
 * The word counts: odd, somebody may be asleep; each ring adds one. A sleeper makes it odd, and waits for it to be no
 * more what it then was. (One bit would not do: another sleeper sets it again after a ring that this one has missed.)
 *
 * The one model with memory that is not sequentially consistent, for the doorbell rests on a store (D4) that is followed
 * by a load of another word (D6): each writer has a store buffer of one publication. It drains at any time, at a fence,
 * at a locked instruction, at a system call; and at the membarrier of a sleeper, if the writer's process has registered.
 *
 * What a sleeper looks for is what ready() of reader_core.cpp finds: the value at its cursor, or, where that was handed
 * out to a writer that has died, the one behind it. ring.pml has the details of that; here it is one step.
 *
 * The property: when nothing moves any more (timeout), no sleeper is asleep before a value whose writer has rung; if a
 * writer has died, before a value whose writer has rung since. What a dead one should have rung for waits for the end
 * of a slice, and no longer.
 *
 * Sizes, -D:   SLEEPERS, WRITERS, VALUES each, BATCH (values that are rung for once)
 * Faults, -D:  KILLS;  REGISTERED 0: the writers' process was refused by membarrier, and has full fences;
 *              REFUSED 1: the sleeper's was, it has but short slices (not to be slept beyond, that is all)
 * Mutations:   M_..., each must be found out. tests/model/README.md lists them.
 */
#ifndef SLEEPERS
#define SLEEPERS 1
#endif
#ifndef WRITERS
#define WRITERS 2
#endif
#ifndef VALUES
#define VALUES 1
#endif
#ifndef BATCH
#define BATCH 1
#endif
#ifndef KILLS
#define KILLS 0
#endif
#ifndef REGISTERED
#define REGISTERED 1
#endif
#ifndef REFUSED
#define REFUSED 0
#endif
#define SEQS (WRITERS * VALUES * BATCH)

byte word;
byte head;
bit published[SEQS];    /* for all to see */
byte claimed_by[SEQS];  /* for all to see */
byte buffer[WRITERS];   /* store buffer: seq + 1, or 0 */
bit asleep[SLEEPERS];   /* kept by the kernel */

bit is_dead[WRITERS];
byte kills;
bit rung[SEQS]; /* ghost: its writer has rung, and no writer has died since */

#define DRAIN(w) if :: buffer[w] > 0 -> published[buffer[w] - 1] = 1; buffer[w] = 0 :: else fi
#ifdef M_ONE_BIT
#define ANNOUNCE word = 1
#define RING word = 0
#else
#define ANNOUNCE word = word | 1 /* fetch_or */
#define RING word = word + 1
#endif
#define FORGIVE i = 0; do :: i < SEQS -> rung[i] = 0; i++ :: else -> i = 0; break od
#define RUNG i = end - BATCH; do :: i < end -> rung[i] = 1; i++ :: else -> i = 0; break od
#define WAKE_ALL i = 0; do :: i < SLEEPERS -> asleep[i] = 0; i++ :: else -> i = 0; break od
#define STEP(access) \
  if \
  :: atomic { access } \
  :: atomic { kills < KILLS -> kills++; goto dead } \
  fi

proctype Writer(byte me) {
  byte seq, end, todo = VALUES, i;
  bit seen;

  do
  :: todo == 0 -> goto finished
  :: else ->
     /* W2 is a locked instruction */
     STEP( DRAIN(me); seq = head; head = head + BATCH; end = seq + BATCH;
           i = seq; do :: i < end -> claimed_by[i] = me; i++ :: else -> i = 0; break od );
#ifdef M_RING_FIRST
     STEP( seen = word & 1 );
#endif
     do
     :: seq < end -> STEP( DRAIN(me); buffer[me] = seq + 1; seq++ ) /* D4 */
     :: else -> break
     od;
#ifdef M_RING_FIRST
     STEP( if :: !seen -> RUNG :: else fi );
#else
#if !REGISTERED && !defined(M_NO_FENCE)
     STEP( DRAIN(me) ); /* D5, the full fence */
#endif
     STEP( seen = word & 1; if :: !seen -> RUNG :: else fi ); /* D6 */
#endif
     if
     :: seen ->
#ifdef M_TWO_STEPS
        STEP( DRAIN(me); RING );
        STEP( WAKE_ALL; RUNG )
#else
#ifdef M_WAKE_ONE
        STEP( DRAIN(me); RING; RUNG;
              do :: i < SLEEPERS && !asleep[i] -> i++ :: else -> break od;
              if :: i < SLEEPERS -> asleep[i] = 0 :: else fi; i = 0 )
#else
        STEP( DRAIN(me); RING; WAKE_ALL; RUNG ) /* FUTEX_WAKE_OP */
#endif
#endif
     :: else
     fi;
     atomic { seen = 0; seq = 0; end = 0; todo-- }
  od;

dead: /* what it has stored will come, but nothing more */
  atomic { DRAIN(me); is_dead[me] = 1; FORGIVE; seq = 0; end = 0; todo = 0; seen = 0 }
finished:
  skip
}

#define RESOLVED_HOLE(q) (q < head && is_dead[claimed_by[q]] && !published[q])

/* ready(). One step, but for the number of seqs that it may dispose of before it says that there is nothing. */
#ifdef M_FEW_TRIES
#define TRIES 1
#else
#define TRIES 99
#endif
inline look() {
  tries = 0; found = 0;
  do
  :: cursor == SEQS || tries == TRIES -> break
  :: cursor < SEQS && tries < TRIES ->
     if
     :: published[cursor] -> found = 1; break
     :: !published[cursor] && RESOLVED_HOLE(cursor) -> cursor++; tries++
     :: else -> break
     fi
  od;
  tries = 0
}

proctype Sleeper(byte me) {
  byte cursor, tries, expected, i;
  bit found;

again:
  STEP( look() );
  if
  :: found -> atomic { found = 0; expected = 0; cursor++; goto again } /* delivered */
  :: else
  fi;
D1:
  STEP( ANNOUNCE; expected = word );
#if REGISTERED && !REFUSED && !defined(M_NO_MEMBARRIER)
D2: /* membarrier */
  STEP( i = 0; do :: i < WRITERS -> DRAIN(i); i++ :: else -> i = 0; break od );
#endif
#ifndef M_NO_SECOND_LOOK
D3:
  STEP( look() );
  if
  :: found -> atomic { found = 0; expected = 0; cursor++; goto again }
  :: else
  fi;
#endif
  /* FUTEX_WAIT */
#ifdef M_NO_COMPARE
  STEP( asleep[me] = 1; expected = 0 );
#else
  STEP( if :: word == expected -> asleep[me] = 1 :: else fi; expected = 0 );
#endif
end_asleep:
  if
  :: atomic { !asleep[me] -> goto again }
  :: atomic { kills < KILLS -> kills++; goto dead }
  :: atomic {
       timeout -> /* nobody moves: all writers have finished or died, all buffers are empty */
#if !REFUSED
       i = cursor; do :: i < SEQS -> assert(!rung[i]); i++ :: else -> i = 0; break od;
#endif
       /* The end of a slice. Whatever was left to do, one look does it. */
       look();
       if
#ifdef M_NO_SLICES
       :: found -> assert(false)
#else
       :: found -> found = 0; cursor++; asleep[me] = 0; goto again
#endif
       :: else -> assert(cursor == head); asleep[me] = 0; goto gone
       fi
     }
  fi;
dead: /* leaves the word as it is */
  atomic { asleep[me] = 0; expected = 0 }
gone:
  atomic { cursor = 0; found = 0 }
}

/* The buffers drain at any time. */
proctype Memory() {
  byte i;
  do
  :: atomic { buffer[0] > 0 -> DRAIN(0) }
#if WRITERS > 1
  :: atomic { buffer[1] > 0 -> DRAIN(1) }
#endif
#if WRITERS > 2
  :: atomic { buffer[2] > 0 -> DRAIN(2) }
#endif
  :: atomic { timeout -> break }
  od
}

init {
  atomic {
    byte i;
    for (i : 0 .. WRITERS - 1) { run Writer(i) }
    for (i : 0 .. SLEEPERS - 1) { run Sleeper(i) }
    run Memory();
    i = 0
  }
}
