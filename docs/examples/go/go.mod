module example.com/parcel-rates

go 1.19
