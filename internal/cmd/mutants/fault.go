package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
)

// fault is one small change of a file: the bytes from start to end become text.
type fault struct {
	file       string
	line       int
	start, end int
	text       string
	what       string // what is changed, such as "== becomes !="
}

// opposites are the operators that are mistaken for each other.
//
//nolint:exhaustive // the other operators stay as they are
var opposites = map[token.Token]token.Token{
	token.EQL: token.NEQ, token.NEQ: token.EQL,
	token.LAND: token.LOR, token.LOR: token.LAND,
	token.LSS: token.LEQ, token.LEQ: token.LSS,
	token.GTR: token.GEQ, token.GEQ: token.GTR,
}

// faults returns every fault that could be put into a file, in the order of their places.
func faults(file string) ([]fault, error) {
	text, err := os.ReadFile(file) //nolint:gosec // a source file that `go list` named
	if err != nil {
		return nil, fmt.Errorf("reading a source file: %w", err)
	}
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, file, text, parser.ParseComments)
	if err != nil {
		return nil, fmt.Errorf("parsing a source file: %w", err)
	}
	if ast.IsGenerated(parsed) {
		return nil, nil
	}
	var found []fault
	add := func(start, end token.Pos, replacement, what string) {
		place := set.Position(start)
		found = append(found, fault{file, place.Line, place.Offset, set.Position(end).Offset, replacement, what})
	}
	ast.Inspect(parsed, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.BinaryExpr:
			if opposite, known := opposites[node.Op]; known {
				end := node.OpPos + token.Pos(len(node.Op.String()))
				add(node.OpPos, end, opposite.String(), fmt.Sprintf("%s becomes %s", node.Op, opposite))
			}
		case *ast.IfStmt:
			if b, ok := node.Cond.(*ast.BinaryExpr); !ok || b.Op != token.EQL && b.Op != token.NEQ { // else it is that fault
				condition := string(text[set.Position(node.Cond.Pos()).Offset:set.Position(node.Cond.End()).Offset])
				add(node.Cond.Pos(), node.Cond.End(), "!("+condition+")", "the condition is negated")
			}
			for _, statement := range node.Body.List {
				if result, isReturn := statement.(*ast.ReturnStmt); isReturn && returnsError(result) {
					add(result.Pos(), result.End(), "", "the error is not returned")
				}
			}
		}
		return true
	})
	slices.SortStableFunc(found, func(a, b fault) int { return cmp.Compare(a.start, b.start) })
	return found, nil
}

// returnsError reports whether the last result is err, or an error made in place.
func returnsError(result *ast.ReturnStmt) bool {
	if len(result.Results) == 0 {
		return false
	}
	switch last := result.Results[len(result.Results)-1].(type) {
	case *ast.Ident:
		return last.Name == "err"
	case *ast.CallExpr:
		function, isSelector := last.Fun.(*ast.SelectorExpr)
		return isSelector && (function.Sel.Name == "Errorf" || function.Sel.Name == "New")
	default:
		return false
	}
}

// apply returns the file's text with the fault in it.
func (f fault) apply() ([]byte, error) {
	text, err := os.ReadFile(f.file)
	if err != nil {
		return nil, fmt.Errorf("reading a source file: %w", err)
	}
	return slices.Concat(text[:f.start], []byte(f.text), text[f.end:]), nil
}
