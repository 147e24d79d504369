// Package trial measures how well voices are told apart (wakeword/speaker), on recordings of
// people from whom nothing was learnt: readers, and speakers of digits.
//
// Of each person the first 8 seconds are known, in pieces of 3 and 5 s, and pieces of 1 to
// 5 s of the rest are tried, of other recordings where there are some. The equal error is
// where as many pieces are not taken for the person's own as are taken for another's. A
// family is four people of whom one speaks.
package trial
