"""Looking at sleeves: facts of many covers, lettering on them, which parts make two alike."""
