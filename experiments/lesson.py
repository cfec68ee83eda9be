"""Make the lesson's first answers anew: the package ships them, so that the dashboard's lesson opens with them."""

from pdsim import files
from pdsim.dashboard import inquiry_shipped

if __name__ == "__main__":
    content = inquiry_shipped.made()
    files.write_files(inquiry_shipped.FILE.parent, {inquiry_shipped.FILE.name: content})
    print(f"{inquiry_shipped.FILE.name}: {len(content):,} bytes")
