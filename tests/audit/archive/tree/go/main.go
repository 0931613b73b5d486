// Checks proofs and notes with Go's own implementation, golang.org/x/mod/sumdb.
// Reads one JSON object from stdin; prints one line for each check that fails.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Inclusion and Consistency hold what tlog.CheckRecord and tlog.CheckTree take.
type Inclusion struct {
	Leaf  []byte
	Index int64
	Size  int64
	Root  tlog.Hash
	Proof []tlog.Hash
}

type Consistency struct {
	OldSize int64
	OldRoot tlog.Hash
	Size    int64
	Root    tlog.Hash
	Proof   []tlog.Hash
}

type Note struct {
	Key     string
	Message string
	Text    string
	Valid   bool
}

type Tile struct {
	Level int
	Index int64
	Width int
	Data  []byte
	Node  [2]int64
	Hash  tlog.Hash
}

type Input struct {
	Inclusions    []Inclusion
	Consistencies []Consistency
	Notes         []Note
	Tiles         []Tile
}

func main() {
	var input Input
	if err := json.NewDecoder(os.Stdin).Decode(&input); err != nil {
		log.Fatal(err)
	}
	for _, p := range input.Inclusions {
		leaf := tlog.RecordHash(p.Leaf)
		report(tlog.CheckRecord(p.Proof, p.Size, p.Root, p.Index, leaf), "record", p)
	}
	for _, p := range input.Consistencies {
		err := tlog.CheckTree(p.Proof, p.Size, p.Root, p.OldSize, p.OldRoot)
		report(err, "tree", p)
	}
	for _, n := range input.Notes {
		report(openNote(n), "note", n)
	}
	for _, t := range input.Tiles {
		report(checkTile(t), "tile", t)
	}
	fmt.Println(len(input.Inclusions), len(input.Consistencies), len(input.Notes),
		len(input.Tiles))
}

func report(err error, kind string, value interface{}) {
	if err != nil {
		fmt.Printf("%s: %v: %+v\n", kind, err, value)
	}
}

func openNote(n Note) error {
	verifier, err := note.NewVerifier(n.Key)
	if err != nil {
		return err
	}
	opened, err := note.Open([]byte(n.Message), note.VerifierList(verifier))
	if n.Valid != (err == nil) {
		return fmt.Errorf("valid is %v, but: %w", n.Valid, err)
	}
	if n.Valid && opened.Text != n.Text {
		return fmt.Errorf("text is %q", opened.Text)
	}
	return nil
}

func checkTile(t Tile) error {
	index := tlog.StoredHashIndex(int(t.Node[0]), t.Node[1])
	tile := tlog.TileForIndex(8, index)
	if tile.L != t.Level || tile.N != t.Index {
		return fmt.Errorf("Go takes tile %v", tile)
	}
	tile.W = t.Width
	hash, err := tlog.HashFromTile(tile, t.Data, index)
	if err == nil && hash != t.Hash {
		return fmt.Errorf("hash is %v", hash)
	}
	return err
}
