metadata description = 'Refuses the deletion of the resource group and of what is in it, until somebody removes the lock.'

param name string
param notes string

resource lock 'Microsoft.Authorization/locks@2020-05-01' = {
  name: name
  properties: {
    level: 'CanNotDelete'
    notes: notes
  }
}

output id string = lock.id
