/* One lane, or an exclusive arena: one seat, one holder at a time, no read-modify-write; and one reader that accounts
 * for every seq.
 *
 * Labels as in lane_writer.hpp (X1, A1, A2), slot.hpp (S1 to S4, R1 to R4) and settle.hpp (T1 to T3). One statement of a STEP
 * is one access to shared memory. Sequentially consistent. A holder is killed between any two steps; it may stay
 * attached and idle for ever; with STOPS it is stopped between any two steps and goes on some time later.
 *
 * Each holder is a session of the seat. That it is over is proved by the witness (witness.hpp), and that nobody but one
 * newcomer is between two sessions by the door (seat.hpp): mutex.pml has both. Here that is one step each; E4 and E5 are
 * as in the code, and so is the look: the claim, the session, whether it is over. What has been claimed is covered from
 * where the session began up to head; that head is beyond it, T1 has seen.
 *
 * Sizes, -D:   SLOTS, HOLDERS (one after the other), VALUES each, BATCH: so many at most are claimed at once
 *              ADVANCES: a holder may leave so many numbers at a time out, and go on behind them (A1, A2)
 * Faults, -D:  DEATHS, STOPS
 * Mutations:   M_..., each must be found out. tests/model/README.md lists them.
 */
#ifndef SLOTS
#define SLOTS 2
#endif
#ifndef HOLDERS
#define HOLDERS 3
#endif
#ifndef VALUES
#define VALUES 2
#endif
#ifndef BATCH
#define BATCH 1
#endif
#ifndef DEATHS
#define DEATHS HOLDERS
#endif
#ifndef STOPS
#define STOPS 0
#endif
#ifndef ADVANCES
#define ADVANCES 0
#endif
#define SEQS (HOLDERS * VALUES)

/* ---- stamp.hpp ---------------------------------------------------------------------------------------------------- */
#define DONE(q) (((q) + 1) * 2)
#define BUSY(q) (((q) + 1) * 2 + 1)
#define IS_NEWER(s, q) ((s) > BUSY(q))

/* ---- the segment -------------------------------------------------------------------------------------------------- */
byte head;
byte stamp[SLOTS], word0[SLOTS], word1[SLOTS];
byte claim; /* idle(h), by its number: the head at which the session began */
byte session;
byte over;  /* the newest session that the witness knows to be over, whoever tells it */
#define LIVES (session > over)

/* ---- what only the model knows ------------------------------------------------------------------------------------ */
byte finished; /* holders that will do no more */
byte deaths, stops;
byte cursor;
byte fate[SEQS + 1];
#define OPEN 0
#define PUBLISHED 1 /* and the reader has not come by */
#define LOST 2      /* the reader has called it a hole, or overwritten: it may not be published any more */
#if ADVANCES
bit left_out[SEQS + 1];
#define IS_LEFT_OUT left_out[cursor]
#else
#define IS_LEFT_OUT 0
#endif
bit door;           /* a newcomer is between two sessions, or the seat is held */
bit at_work;        /* the same, and he is not idle for ever */
bit quiet;          /* the reader has looked in vain, and nobody has been at work since: it may not look in vain again */
bit stopped;        /* the one that holds the seat */
bit stopped_in[SEQS + 1]; /* heads at which a holder was stopped */

#ifdef M_LEASE /* the kernel lets go of the lease while its holder can still store */
#define STEP(access) \
  atomic { access }; if :: skip :: atomic { deaths < DEATHS && LIVES -> deaths++; over = session; door = 0 } fi
#else
#define STEP(access) \
  if \
  :: atomic { !stopped -> access } \
  :: atomic { deaths < DEATHS -> deaths++; goto gone } \
  fi
#endif

proctype Holder() {
  byte seq, end, todo = VALUES;

end_take_seat: /* seat.cpp: E1 to E3, E4 */
  atomic { !LIVES && !door -> door = 1; at_work = 1; quiet = 0 };
  STEP( seq = head );
#ifdef M_CLAIM_AHEAD
  STEP( claim = seq + 1 );
#else
#ifndef M_NO_CLAIM
  STEP( claim = seq );
#endif
#endif
  STEP( session++ ); /* E5 */
  do
  :: atomic { !stopped -> at_work = 0; finished++ } /* stays, and does nothing more */
end_idle:
     false
  :: todo == 0 -> break
#if ADVANCES
  :: todo > 0 ->
     end = seq + 1;
     if :: skip :: todo >= ADVANCES -> end = seq + ADVANCES fi;
#if !defined(M_NO_A1) && !defined(M_A2_FIRST)
     STEP( claim = end ); /* A1 */
#endif
     STEP( head = end;    /* A2 */
           do :: seq < end -> left_out[seq] = 1; seq++; todo-- :: else -> break od );
#ifdef M_A2_FIRST
     STEP( claim = end );
#endif
#endif
  :: todo > 0 ->
     end = seq + 1;
#if BATCH > 1
     if :: skip :: todo > 1 -> end = seq + 2 fi;
#endif
#ifndef M_HEAD_LATE
X1:
     STEP( head = end );
#endif
S1:
#ifndef M_NO_BUSY
     STEP( stamp[seq % SLOTS] = BUSY(seq) );
#endif
#ifdef M_DONE_FIRST
     STEP( stamp[seq % SLOTS] = DONE(seq) );
#endif
S3:
     STEP( word0[seq % SLOTS] = seq + 1 );
     STEP( word1[seq % SLOTS] = seq + 1 );
S4:
     STEP( stamp[seq % SLOTS] = DONE(seq); assert(fate[seq] == OPEN);
           if :: seq >= cursor -> fate[seq] = PUBLISHED :: else fi );
#ifdef M_HEAD_LATE
     STEP( head = end );
#endif
     seq++; todo--;
     if
     :: seq < end -> goto S1
     :: else
     fi
  od;
gone: /* dead, or gone: no store of it can still come; then the witness may say so */
  atomic { over = session; door = 0; at_work = 0; stopped = 0; finished++; seq = 0; end = 0; todo = 0 }
}

#if STOPS
proctype Stopper() {
  do
  :: atomic { stops < STOPS && door -> stops++; stopped = 1; stopped_in[head] = 1 }
  :: atomic { stopped -> stopped = 0 }
  :: atomic { stops == STOPS && !stopped -> break }
  :: atomic { finished == HOLDERS -> stopped = 0; break }
  od
}
#endif

/* Moves the cursor from seq to seq, and gives each a verdict: read, overwritten, hole, passed over. */
#define COVERED (claim <= cursor && LIVES)
#define MOVE_ON if :: fate[cursor] == PUBLISHED -> fate[cursor] = OPEN :: else fi; cursor++
#define LOSE if :: fate[cursor] == PUBLISHED -> fate[cursor] = OPEN :: else -> fate[cursor] = LOST fi; cursor++

proctype Reader() {
  byte s, c, a, b, held;
  bit covered;
#if STOPS
  bit marking, all_stuck;
  byte stuck = 255;   /* StuckClaims: stuck_, */
  byte suspect = 255; /* suspects_, */
  byte word;          /* and seen_ */
#endif

next_seq:
  atomic { s = 0; c = 0; a = 0; b = 0; covered = 0;
#if STOPS
           marking = 0; all_stuck = 0; suspect = 255; word = 0
#endif
         }
end_T1: /* it may well wait here for ever; anywhere else that is an error */
#ifdef M_NO_T1
  cursor < SEQS;
#else
  head > cursor;
#endif
look:
  s = stamp[cursor % SLOTS]; /* R1 */
  if
  :: s == DONE(cursor) ->
     a = word0[cursor % SLOTS]; /* R2 */
     b = word1[cursor % SLOTS];
     atomic { /* R4 */
       if
#ifdef M_NO_R4
       :: true -> assert(a == cursor + 1 && b == cursor + 1); MOVE_ON
#else
       :: stamp[cursor % SLOTS] == s -> assert(a == cursor + 1 && b == cursor + 1); MOVE_ON
       :: else -> LOSE
#endif
       fi;
       goto next_seq
     }
  :: IS_NEWER(s, cursor) -> atomic { LOSE; goto next_seq } /* overwritten */
  :: else
  fi;

  /* settle(), Claims::look */
T2:
#ifdef M_NEWEST_ONLY
  atomic { s = head; covered = (s <= cursor + 1) };
  if
  :: covered -> atomic { c = claim; covered = (c <= cursor) }
  :: else
  fi;
#else
#if STOPS
  s = head; /* for the word only: with each claim another one */
#else
  s = 0;
#endif
  atomic { c = claim; covered = (c <= cursor) };
#endif
#ifndef M_NO_LEASE_TEST
  if
  :: covered -> held = session; atomic { covered = (held > over); held = 0 }
  :: else
  fi;
#endif
#if STOPS
#ifndef M_MARK_SESSION /* a session has one claim word: what is stuck is the session with this head */
  c = s;
#endif
  atomic { all_stuck = (covered && stuck == c); word = c };
#endif
  c = 0; s = 0;
T3:
  atomic {
#ifdef M_NO_T3
    if
    :: covered -> assert(!IS_LEFT_OUT); goto pending
#else
    s = stamp[cursor % SLOTS];
    if
    :: s == DONE(cursor) || IS_NEWER(s, cursor) -> s = 0; covered = 0; goto look
    :: else -> s = 0
    fi;
    if
    :: covered -> covered = 0; assert(!IS_LEFT_OUT); goto pending
#endif
    :: else -> assert(fate[cursor] != PUBLISHED); LOSE; goto next_seq /* a hole, for ever */
    fi
  }

pending:
#if STOPS
  if
  :: atomic { marking -> /* who has been in one word all the while is stuck */
       if :: word == suspect -> stuck = word :: else fi;
       MOVE_ON; goto next_seq } /* passed over */
  :: atomic { !marking && all_stuck -> assert(stopped_in[stuck]); MOVE_ON; goto next_seq } /* passed over */
  :: atomic { !marking && !all_stuck -> if :: suspect == 255 -> suspect = word :: else fi }
  fi;
#endif
  if
  :: at_work -> goto look
  :: atomic { !at_work && !quiet -> quiet = 1; goto look }
#if STOPS
  :: atomic { stopped && COVERED -> marking = 1; goto look } /* time is over */
#endif
  fi
}

init {
  atomic {
    byte i;
    for (i : 1 .. HOLDERS) { run Holder() }
#if STOPS
    run Stopper();
#endif
    run Reader();
    i = 0
  }
}
