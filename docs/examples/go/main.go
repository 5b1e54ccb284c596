// Prices parcels by weight and zone.
package main

import (
	"encoding/json"
	"log"
	"net/http"
)

var rates = map[string]int{"city": 190, "country": 340, "abroad": 990} // cents a kilogram, begun

func main() {
	http.HandleFunc("/quotes", quote)
	http.Handle("/", http.FileServer(http.Dir("web")))
	log.Println("parcel-rates listens on port 8080")
	log.Fatal(http.ListenAndServe(":8080", nil))
}

func quote(answer http.ResponseWriter, request *http.Request) {
	var asked struct {
		Zone  string
		Grams int
	}
	if err := json.NewDecoder(request.Body).Decode(&asked); err != nil {
		http.Error(answer, err.Error(), http.StatusBadRequest)
		return
	}
	cents := rates[asked.Zone] * ((asked.Grams + 999) / 1000)
	json.NewEncoder(answer).Encode(map[string]any{"zone": asked.Zone, "cents": cents})
}
